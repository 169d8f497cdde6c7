# One image for every app: the command says which one runs. Checked by deploy/compose/*.unit.spec.ts.
ARG NODE_IMAGE=node:24.21.0-trixie-slim

# The compiler and all sources; nothing of this stage but the results goes on.
FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY libs ./libs
COPY apps ./apps
COPY deploy/native ./deploy/native
COPY bench ./bench
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.base.json ./
COPY scripts ./scripts
COPY schemas ./schemas
RUN npm run build

# What runs: no compiler, no test tools, and not the Node that npm brings for machines with an older one.
FROM ${NODE_IMAGE} AS packages
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY libs ./libs
COPY apps ./apps
COPY deploy/native ./deploy/native
COPY bench ./bench
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
WORKDIR /chorda
COPY --from=packages /src/package.json ./
COPY --from=packages /src/node_modules ./node_modules
COPY --from=build /src/libs ./libs
COPY --from=build /src/apps ./apps
COPY --from=build /src/deploy/native ./deploy/native
COPY --from=build /src/schemas ./schemas
COPY LICENSE ./
# Ships with the image, uid 1000. Nothing under /chorda belongs to it, so a break-in cannot change the code.
USER node
# 4600: the gateway's API; 4690: metrics and health of whichever app runs.
EXPOSE 4600 4690
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=12 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.METRICS_PORT || 4690) + '/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node"]
CMD ["apps/gateway/dist/main.js"]
