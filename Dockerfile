# Three stages: Node builds the web pages in the first, compilers and headers stay in the second;
# the third holds Python, the packages of deploy/requirements.lock (checked by hash) and Bursar, and
# runs as an ordinary user.
FROM node:24-slim AS pages
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm install --no-save --no-audit --no-fund
COPY web ./
RUN NEXT_TELEMETRY_DISABLED=1 npm run build && npm run publish

FROM python:3.11-slim AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/bursar
WORKDIR /src
COPY deploy/requirements.lock ./
RUN /opt/bursar/bin/pip install --require-hashes --requirement requirements.lock
# The build backend comes from the development lock, hash-checked too, and stays in this stage.
COPY requirements.lock ./development.lock
RUN python -m venv /opt/builder \
    && /opt/builder/bin/pip install --require-hashes --requirement development.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY src ./src
COPY --from=pages /src/src/bursar/interfaces/web/pages ./src/bursar/interfaces/web/pages
RUN /opt/builder/bin/python -m hatchling build --target wheel \
    && /opt/bursar/bin/pip install --no-deps --no-index dist/*.whl \
    && /opt/bursar/bin/pip uninstall --yes pip

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 bursar \
    && mkdir /var/lib/bursar \
    && chown bursar:bursar /var/lib/bursar
COPY --from=build /opt/bursar /opt/bursar
ENV PATH=/opt/bursar/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BURSAR_HOME=/var/lib/bursar \
    SERVER_HOST=0.0.0.0 \
    SERVER_PORT=8000
USER bursar
WORKDIR /var/lib/bursar
VOLUME /var/lib/bursar
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=30s --start-period=5s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['SERVER_PORT']}/health\", timeout=25)"]
CMD ["bursar", "up"]
