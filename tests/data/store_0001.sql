BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE articles (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id VARCHAR(200) NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	date DATETIME, 
	source VARCHAR(200), 
	url VARCHAR(2000), 
	provenance VARCHAR(200), 
	added DATETIME NOT NULL, 
	changed DATETIME NOT NULL, 
	title TEXT NOT NULL, 
	text TEXT NOT NULL, 
	UNIQUE (id)
);
INSERT INTO "articles" VALUES(3,'harbour-1','5c28e914aaa298fab0ebde879e5452d0acc86a3197617ecb9db7ac7407fe669c','2026-01-01 08:30:00.000000','Island Post',NULL,'import','2026-01-09 10:00:00.000000','2026-01-09 10:00:00.000000','Harbour reopens','The harbour of Mindelo reopened on Friday after a week of storms, its master said.');
INSERT INTO "articles" VALUES(6,'harbour-2','b18f09adb4233c6e47151d2f43a529c2dcec184b35d2fe22cfc9d9f11b7fe3d5','2026-01-02 08:30:00.000000','Island Post',NULL,'import','2026-01-09 10:00:00.000000','2026-01-09 10:00:00.000000','','Ferry crossings resume; “two boats a day”, says the line’s élan-filled manager.');
INSERT INTO "articles" VALUES(9,'cup-1','5383b7e4609c2878f235d21fd1d387afab8563ac49f4f605618e1f3e848d5da5',NULL,NULL,NULL,'import','2026-01-09 10:00:00.000000','2026-01-09 10:00:00.000000','Cup final moved','The cup final was moved to Sunday because of a waterlogged pitch in Praia.');
CREATE TABLE labels (
	article INTEGER NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	code VARCHAR(200) NOT NULL, 
	verdict VARCHAR(10) NOT NULL, 
	position INTEGER NOT NULL, 
	"by" VARCHAR(200) NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (article, kind, code), 
	FOREIGN KEY(article) REFERENCES articles (number) ON DELETE CASCADE
);
INSERT INTO "labels" VALUES(3,'topic','medtop:04000000','accepted',0,'ana','2026-01-10 12:00:00.000000');
INSERT INTO "labels" VALUES(3,'topic','medtop:15000000','rejected',0,'ana','2026-01-10 12:00:00.000000');
INSERT INTO "labels" VALUES(3,'country','CV','accepted',0,'ana','2026-01-10 12:00:00.000000');
INSERT INTO "labels" VALUES(6,'country','','accepted',0,'ana','2026-01-10 12:00:00.000000');
INSERT INTO "labels" VALUES(9,'topic','medtop:15000000','accepted',0,'ana','2026-01-10 12:00:00.000000');
CREATE INDEX articles_by_content ON articles (content_hash);
CREATE INDEX articles_by_date ON articles (date, number);
CREATE INDEX articles_by_source ON articles (source, number);
CREATE INDEX labels_by_code ON labels (kind, code, verdict, article);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('articles',9);
COMMIT;
