import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type {
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientWritableStream,
  Metadata,
  ServiceError,
} from "@grpc/grpc-js";

/** Calls of any method, typed by its generated description. */

type Named = { readonly name: string; readonly parent: { readonly typeName: string } };

/** One message there, one back. Rejects with a ServiceError. */
export function callUnary<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  metadata: Metadata,
  deadlineSeconds: number,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      pathOf(method),
      writer(method.input),
      reader(method.output),
      request,
      metadata,
      { deadline: Date.now() + deadlineSeconds * 1000 },
      (error: ServiceError | null, answer?: MessageShape<O>) =>
        answer === undefined ? reject(error) : resolve(answer),
    );
  });
}

/** Messages both ways. */
export function openDuplex<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodBiDiStreaming<I, O>,
  metadata: Metadata,
): ClientDuplexStream<MessageShape<I>, MessageShape<O>> {
  return client.makeBidiStreamRequest(pathOf(method), writer(method.input), reader(method.output), metadata);
}

/** One message there, many back. */
export function openDownload<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodServerStreaming<I, O>,
  request: MessageShape<I>,
  metadata: Metadata,
): ClientReadableStream<MessageShape<O>> {
  return client.makeServerStreamRequest(
    pathOf(method),
    writer(method.input),
    reader(method.output),
    request,
    metadata,
  );
}

/** A call that many messages go into. */
export interface Upload<I> {
  readonly call: ClientWritableStream<I>;
  /** Resolves when the server has answered; rejects with the ServiceError that ended the call, however early. */
  readonly ended: Promise<void>;
}

/** Many messages there, one back, which isn't looked at. */
export function openUpload<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodClientStreaming<I, O>,
  metadata: Metadata,
): Upload<MessageShape<I>> {
  const { promise, resolve, reject } = settleable();
  const call = client.makeClientStreamRequest(
    pathOf(method),
    writer(method.input),
    reader(method.output),
    metadata,
    (error: ServiceError | null) => (error === null ? resolve() : reject(error)),
  );
  // Said by `ended` as well, which may be looked at later.
  call.on("error", () => undefined);
  promise.catch(() => undefined);
  return { call, ended: promise };
}

function settleable(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((onFulfilled, onRejected) => {
    resolve = onFulfilled;
    reject = onRejected;
  });
  return { promise, resolve, reject };
}

function pathOf(method: Named): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function writer<M extends DescMessage>(schema: M): (message: MessageShape<M>) => Buffer {
  return (message) => {
    const bytes = toBinary(schema, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

function reader<M extends DescMessage>(schema: M): (bytes: Buffer) => MessageShape<M> {
  return (bytes) => fromBinary(schema, bytes, { readUnknownFields: false });
}
