import { hashOf, seededRandom } from './random.js';

const placesPerWord = 8;

/**
 * A unit vector of a text, the same for the same text: its words at places of their own, so that texts that share words
 * are near each other. It knows no meaning.
 */
export function embed(tokens: Uint16Array, text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  for (const word of words) addWord(vector, hashOf(word));
  // Of a text without words the tokens stand for it, so that no vector has length 0.
  if (!vector.some((value) => value !== 0)) addWord(vector, hashOf(tokens));
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares) || 1;
  if (squares === 0) vector[0] = 1;
  else for (let index = 0; index < dimensions; index += 1) vector[index] = (vector[index] ?? 0) / length;
  return vector;
}

function addWord(vector: Float32Array, seed: number): void {
  const random = seededRandom(seed);
  for (let place = 0; place < placesPerWord; place += 1) {
    const index = Math.floor(random() * vector.length);
    vector[index] = (vector[index] ?? 0) + (random() < 0.5 ? -1 : 1);
  }
}
