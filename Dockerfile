# One image for worker, API and exchange: which one it is, the command says (docker-compose.yml).
FROM node:20.19.5-bookworm-slim

# The Temporal client checks certificates by the system's list.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force

COPY tsconfig.json LICENSE ./
COPY scripts scripts
COPY data data
COPY activities activities
COPY src src
COPY workflows workflows
# Compiled here, so that each program is there at once; it looks for what was made of exactly these sources.
RUN node scripts/run.mjs scripts/compile-ahead.ts \
  && mkdir /data \
  && chown -R node:node .cache /data

USER node
ENV NODE_ENV=production
CMD ["node", "scripts/run.mjs", "src/worker.ts"]
