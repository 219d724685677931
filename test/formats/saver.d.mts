export function modelOf(name: string): { json: string; weights: ArrayBuffer };
export function nameIn(folder: string): Promise<string>;
