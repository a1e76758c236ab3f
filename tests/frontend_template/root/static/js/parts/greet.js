import { name } from './name.js';
export function greet(where) { where.documentElement.dataset.greeted = name; }
