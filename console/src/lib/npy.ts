/** NumPy's file format (NEP 1), as model servers take it: version 1.0, little-endian float32, C order. Pure. */

export function npy(shape: readonly number[], values: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dimensions}), }`;
  const magic = 10; // "\x93NUMPY", two bytes of version, two of the header's length
  const length = Math.ceil((magic + text.length + 1) / 64) * 64; // the data begin at a multiple of 64
  const header = `${text.padEnd(length - magic - 1)}\n`;
  const bytes = new Uint8Array(length + values.length * 4);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), magic);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < values.length; index += 1) view.setFloat32(length + index * 4, values[index]!, true);
  return bytes;
}
