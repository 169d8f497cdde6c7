// Lets a child process run TypeScript from source: our imports end in `.js`, as the built files will.
import { existsSync } from 'node:fs';
import { flushCompileCache, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (existsSync(fileURLToPath(source))) return { url: source.href, shortCircuit: true };
    }
    return next(specifier, context);
  },
});

// Node keeps what it compiled when a process ends; most of ours are killed.
for (const delayMs of [500, 2_000, 5_000]) setTimeout(flushCompileCache, delayMs).unref();
