import { registerHooks } from 'node:module';

// Node strips types but keeps specifiers: our relative imports end in `.js`, and the file beside them in `.ts`.
registerHooks({
  resolve(specifier, context, next) {
    if (/^\.{1,2}\//.test(specifier) && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      return next(`${specifier.slice(0, -3)}.ts`, context);
    }
    return next(specifier, context);
  },
});
