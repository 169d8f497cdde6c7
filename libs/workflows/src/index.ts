export { expressions } from './expressions/expressions.js';
