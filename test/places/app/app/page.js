'use client';
import { run } from '../main.js';

export default function Page() {
  return <p>{typeof run}</p>;
}
