import { flushCompileCache, registerHooks } from 'node:module';

// Node strips types but keeps specifiers: our relative imports end in `.js`, and the file beside them in `.ts`.
registerHooks({
  resolve(specifier, context, next) {
    if (/^\.{1,2}\//.test(specifier) && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      return next(`${specifier.slice(0, -3)}.ts`, context);
    }
    return next(specifier, context);
  },
});

// Node keeps what it compiled when a process ends; most of ours are killed.
for (const delayMs of [500, 2_000, 5_000]) setTimeout(flushCompileCache, delayMs).unref();
