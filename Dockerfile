# One image for the API, the worker and the migrations: `onefold` is its command.
FROM python:3.13-slim-trixie AS build
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore UV_NO_CACHE=1
COPY requirements requirements
RUN python -m pip install --no-deps --require-hashes -r requirements/bootstrap.txt && uv venv /opt/onefold
COPY pyproject.toml README.md ./
# As constraints the lock gives version and hash of what is asked for, and leaves the development tools out.
RUN uv pip install --python /opt/onefold --compile-bytecode \
        --require-hashes --constraint requirements/all.txt -r pyproject.toml \
    && uv pip install --system --verify-hashes --constraint requirements/all.txt hatchling
COPY . .
RUN python -m hatchling build --target wheel --directory /dist \
    && uv pip install --python /opt/onefold --compile-bytecode --no-deps /dist/*.whl

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin onefold \
    && install --directory --owner=10001 /checkpoints
COPY --from=build /opt/onefold /opt/onefold
ENV PATH="/opt/onefold/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8080
ENTRYPOINT ["onefold"]
CMD ["serve"]
