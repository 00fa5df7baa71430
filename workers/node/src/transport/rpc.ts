// Calls of any gRPC method, typed by its generated description.
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

type Named = { readonly name: string; readonly parent: { readonly typeName: string } };

/** A unary call, which `stopped` breaks off; rejects with a ServiceError. */
export function callUnary<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  metadata: Metadata,
  deadlineSeconds: number,
  stopped?: AbortSignal,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      pathOf(method),
      writer(method.input),
      reader(method.output),
      request,
      metadata,
      { deadline: Date.now() + deadlineSeconds * 1000 },
      (error: ServiceError | null, answer?: MessageShape<O>) => {
        stopped?.removeEventListener("abort", cancel);
        if (answer === undefined) {
          reject(error);
        } else {
          resolve(answer);
        }
      },
    );
    const cancel = (): void => call.cancel();
    stopped?.addEventListener("abort", cancel);
  });
}

/** A call with messages in both directions. */
export function openDuplex<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodBiDiStreaming<I, O>,
  metadata: Metadata,
): ClientDuplexStream<MessageShape<I>, MessageShape<O>> {
  return client.makeBidiStreamRequest(pathOf(method), writer(method.input), reader(method.output), metadata);
}

/** A call with one request and many responses. */
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

/** A call that many requests are written to. */
export interface Upload<I> {
  readonly call: ClientWritableStream<I>;
  /** Resolves when the server has answered; rejects with the ServiceError that ended the call, however early. */
  readonly ended: Promise<void>;
}

/** A call with many requests and one response, which is ignored. */
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
  // Reported by `ended` as well, which may be awaited later.
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

/** Whether an error came from a call. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number" && "details" in error;
}
