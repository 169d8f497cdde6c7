import { describe, expect, it } from 'vitest';
import { checksText } from './document-analysis.js';

describe('why an agent of the demo cannot be used', () => {
  it('is what its checks found', () => {
    const checks = [
      { name: 'tools', passed: true, detail: null },
      { name: 'model', passed: false, detail: 'nobody offers small' },
      { name: 'budget', passed: false, detail: null },
    ];
    expect(checksText({ checks })).toBe('model (nobody offers small), budget');
  });

  it('is said also where no check says it', () => {
    expect(checksText({})).toBe('its validation failed');
  });
});
