/**
 * The messages of an ONNX file, as far as memcell reads and writes them: field numbers from ONNX's published schema (IR version 8
 * and later). Fields that are not listed are passed over; none of the listed messages contains itself, so that depth is bounded.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

interface Field<Value, Many extends boolean> {
  number: number;
  many: Many;
  wire: WireType;
  /** Whether many values may stand in one field, one after the other. */
  packable: boolean;
  read(reader: BinaryReader): Value;
  write(writer: BinaryWriter, value: Value): void;
}

type Schema = Record<string, Field<unknown, boolean>>;

/** What a schema's message holds: undefined for a field that is not there, a list for one that may repeat. */
export type Message<S> = {
  [Name in keyof S]: S[Name] extends Field<infer Value, infer Many>
    ? Many extends true
      ? Value[]
      : Value | undefined
    : never;
};

type Kind<Value> = Omit<Field<Value, boolean>, 'number' | 'many'>;

/** Whole numbers beyond ±2^53 lose their last digits: ONNX uses them only for "to the end". */
const int: Kind<number> = {
  wire: WireType.Varint,
  packable: true,
  read: (reader) => Number(reader.int64()),
  write: (writer, value) => writer.int64(BigInt(value)),
};
const float: Kind<number> = {
  wire: WireType.Bit32,
  packable: true,
  read: (reader) => reader.float(),
  write: (writer, value) => writer.float(value),
};
const double: Kind<number> = {
  wire: WireType.Bit64,
  packable: true,
  read: (reader) => reader.double(),
  write: (writer, value) => writer.double(value),
};
const text: Kind<string> = {
  wire: WireType.LengthDelimited,
  packable: false,
  read: (reader) => reader.string(),
  write: (writer, value) => writer.string(value),
};
const bytes: Kind<Uint8Array> = {
  wire: WireType.LengthDelimited,
  packable: false,
  read: (reader) => reader.bytes(),
  write: (writer, value) => writer.bytes(value),
};

function message<S extends Schema>(schema: S): Kind<Partial<Message<S>>> {
  return {
    wire: WireType.LengthDelimited,
    packable: false,
    read: (reader) => readFields(schema, reader.bytes()),
    write(writer, value) {
      writer.fork();
      writeFields(schema, writer, value);
      writer.join();
    },
  };
}

function one<Value>(number: number, kind: Kind<Value>): Field<Value, false> {
  return { number, many: false, ...kind };
}

function many<Value>(number: number, kind: Kind<Value>): Field<Value, true> {
  return { number, many: true, ...kind };
}

const entry = { key: one(1, text), value: one(2, text) };

const tensor = {
  dims: many(1, int),
  dataType: one(2, int),
  floatData: many(4, float),
  int32Data: many(5, int),
  int64Data: many(7, int),
  name: one(8, text),
  rawData: one(9, bytes),
  doubleData: many(10, double),
  externalData: many(13, message(entry)),
  dataLocation: one(14, int),
};

const attribute = {
  name: one(1, text),
  f: one(2, float),
  i: one(3, int),
  s: one(4, bytes),
  t: one(5, message(tensor)),
  floats: many(7, float),
  ints: many(8, int),
  strings: many(9, bytes),
  type: one(20, int),
};

const node = {
  input: many(1, text),
  output: many(2, text),
  name: one(3, text),
  opType: one(4, text),
  attribute: many(5, message(attribute)),
  domain: one(7, text),
};

const dimension = { value: one(1, int), param: one(2, text) };
const tensorType = { elemType: one(1, int), shape: one(2, message({ dim: many(1, message(dimension)) })) };
const valueInfo = { name: one(1, text), type: one(2, message({ tensorType: one(1, message(tensorType)) })) };

const graph = {
  node: many(1, message(node)),
  name: one(2, text),
  initializer: many(5, message(tensor)),
  docString: one(10, text),
  input: many(11, message(valueInfo)),
  output: many(12, message(valueInfo)),
  sparseInitializer: many(15, bytes),
};

const operatorSet = { domain: one(1, text), version: one(2, int) };

const model = {
  irVersion: one(1, int),
  producerName: one(2, text),
  producerVersion: one(3, text),
  graph: one(7, message(graph)),
  opsetImport: many(8, message(operatorSet)),
  metadataProps: many(14, message(entry)),
};

export type ModelProto = Partial<Message<typeof model>>;
export type GraphProto = Partial<Message<typeof graph>>;
export type NodeProto = Partial<Message<typeof node>>;
export type AttributeProto = Partial<Message<typeof attribute>>;
export type TensorProto = Partial<Message<typeof tensor>>;
export type ValueInfoProto = Partial<Message<typeof valueInfo>>;

/** TensorProto.DataType */
export const dataTypes = { float: 1, int32: 6, int64: 7, bool: 9, float16: 10, double: 11, bfloat16: 16 } as const;

/** AttributeProto.AttributeType */
export const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;

/** @throws Error for bytes that are no protobuf message of this schema */
export function decodeModel(data: Uint8Array): ModelProto {
  return readFields(model, data);
}

export function encodeModel(value: ModelProto): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writeFields(model, writer, value);
  return writer.finish();
}

/** A graph without its weights, in bytes that are the same whoever wrote the file last. */
export function encodeStructure({ node, input, output }: GraphProto): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writeFields(graph, writer, { node, input, output });
  return writer.finish();
}

const numbered = new WeakMap<Schema, Map<number, string>>();

/** Names of a schema's fields by number. */
function namesOf(schema: Schema): Map<number, string> {
  const known = numbered.get(schema);
  if (known) return known;
  const names = new Map(Object.entries(schema).map(([name, { number }]) => [number, name]));
  numbered.set(schema, names);
  return names;
}

/** A field that is not there is left out of the result, a list too: a message of no bytes costs next to no memory. */
function readFields<S extends Schema>(schema: S, data: Uint8Array): Partial<Message<S>> {
  const names = namesOf(schema);
  const reader = new BinaryReader(data);
  const values: Record<string, unknown> = {};
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const name = names.get(number);
    if (name === undefined) {
      reader.skip(wire, number);
      continue;
    }
    const field = schema[name];
    const before = values[name];
    const list: unknown[] = Array.isArray(before) ? before : [];
    if (field.many) values[name] = list;
    if (wire === field.wire) {
      const value = field.read(reader);
      if (field.many) list.push(value);
      else values[name] = value;
    } else if (field.many && field.packable && wire === WireType.LengthDelimited) {
      const packed = new BinaryReader(reader.bytes());
      while (packed.pos < packed.len) list.push(field.read(packed));
    } else {
      throw new Error(`field ${name} has wire type ${wire}, not ${field.wire}`);
    }
  }
  return values as Partial<Message<S>>;
}

function writeFields<S extends Schema>(schema: S, writer: BinaryWriter, values: Partial<Message<S>>): void {
  for (const [name, field] of Object.entries(schema)) {
    const value: unknown = values[name];
    if (value === undefined) continue;
    if (!Array.isArray(value)) {
      field.write(writer.tag(field.number, field.wire), value);
    } else if (field.packable && value.length > 0) {
      writer.tag(field.number, WireType.LengthDelimited).fork();
      for (const item of value) field.write(writer, item);
      writer.join();
    } else {
      for (const item of value) field.write(writer.tag(field.number, field.wire), item);
    }
  }
}
