# The service with a model trained on the seed corpus. Takes any base that has Python 3.11 with venv, and a folder of wheels
# in place of a package index (see docs/deployment.md).
ARG BASE_IMAGE=docker.io/library/python:3.11-slim

FROM ${BASE_IMAGE} AS build
ARG WHEELS=""
WORKDIR /app
# Where the machine code of compiled loops is kept: a folder that the service may write, for another processor needs other code.
ENV NUMBA_CACHE_DIR=/app/data/compiled
RUN python3 -m venv .venv
COPY requirements.txt wheel[s]/ /wheels/
RUN if [ -n "${WHEELS}" ]; then from="--no-index --find-links /wheels"; else from=""; fi; \
    .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes ${from} -r /wheels/requirements.txt
COPY dateline/ dateline/
COPY training/ training/
COPY service/ service/
COPY seeds/ seeds/
RUN .venv/bin/python -m training train

FROM ${BASE_IMAGE}
RUN groupadd --system --gid 10001 dateline && useradd --system --uid 10001 --gid dateline --no-create-home dateline
WORKDIR /app
COPY --from=build /app/ /app/
RUN chown --recursive dateline:dateline data
USER 10001:10001
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DATELINE_HOST=0.0.0.0 \
    NUMBA_CACHE_DIR=/app/data/compiled
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD \
    ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('DATELINE_PORT', '8080') + '/health/ready', timeout=2)"]
CMD ["python", "-m", "service"]
