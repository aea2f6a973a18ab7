# One file, three images: app, webhook, automation (docker build --target NAME .).
# No RUN --mount and no syntax line: the classic builder and podman build it too.
# Its digest is filled at a release, by `make digests`.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

# What a package needs to be built stays in the build stages.
FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1
COPY tools/uv.txt /build/uv.txt
RUN pip install --quiet --require-hashes -r /build/uv.txt
# strip, for libraries that come with their debugging symbols. Not in the images, so any version will do.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY pyproject.toml uv.lock ./
COPY tools/image/install-group ./
RUN python -m venv --without-pip /opt/oims/venv

# The runtime has the interpreter and our files: no compiler, no build tools.
FROM ${PYTHON_IMAGE} AS runtime
ARG REVISION=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="OIMS" \
      org.opencontainers.image.description="Open Incident Management System" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/oims/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/oims
COPY LICENSE ./
# Numeric, so that Kubernetes can prove runAsNonRoot.
USER 10001:10001

FROM build AS webhook-build
RUN sh ./install-group webhook

FROM runtime AS webhook
COPY --from=webhook-build /opt/oims/venv /opt/oims/venv
COPY contract contract
COPY serving serving
COPY webhook webhook
# For the pod that the monitor's port-forward leads to.
COPY gate gate
EXPOSE 5001 5011
ENTRYPOINT ["python", "-m", "webhook"]

FROM build AS app-build
RUN sh ./install-group app

FROM runtime AS app
COPY --from=app-build /opt/oims/venv /opt/oims/venv
COPY contract contract
COPY serving serving
COPY app app
EXPOSE 5000 5010
ENTRYPOINT ["python", "-m", "app"]
CMD ["web"]

FROM build AS automation-build
RUN sh ./install-group automation kubernetes/core

FROM runtime AS automation
COPY --from=automation-build /opt/oims/venv /opt/oims/venv
COPY contract contract
COPY automation automation
COPY playbooks playbooks
ENTRYPOINT ["python", "-m", "automation"]
CMD ["follow"]
