"""PyTorch's, Keras's and ONNX Runtime's side of peers.ts: LSTM(U) -> Dense(10, softmax), crossentropy, Adam.

    python peers.py torch|keras-tensorflow|onnxruntime THREADS '[[B,T,I,U], ...]'

Prints a line of JSON for each shape: { peer, threads, shape, predict_ms, train_ms, document_s }, the shortest of several predictions of
a batch and of several full steps (forward, backward, Adam); of 1,1,1,50 also 1000 steps of one sample each. ONNX Runtime only predicts.
"""
import io
import json
import os
import sys
import time

peer, threads, shapes = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(threads)
os.environ["KERAS_BACKEND"] = "tensorflow"
import numpy as np

DOCUMENT = [1, 1, 1, 50]
CLASSES = 10


def seconds_of(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def shortest(run, seconds=2.0, least=5, most=2000):
    run()
    run()
    took, start = [], time.perf_counter()
    while len(took) < least or (time.perf_counter() - start < seconds and len(took) < most):
        took.append(seconds_of(run))
    return 1000 * min(took)


def data(batch, steps, inputs):
    random = np.random.default_rng(0)
    return random.normal(size=(batch, steps, inputs)).astype("f4"), random.integers(0, CLASSES, batch)


def torch_model(inputs, units):
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(inputs, units, batch_first=True)
            self.dense = torch.nn.Linear(units, CLASSES)

        def forward(self, x):
            return self.dense(self.lstm(x)[0][:, -1])

    return Model()


def time_torch(shape):
    import torch

    torch.set_num_threads(threads)
    batch, steps, inputs, units = shape
    x, y = (torch.tensor(part) for part in data(batch, steps, inputs))
    model = torch_model(inputs, units)
    optimizer, loss = torch.optim.Adam(model.parameters()), torch.nn.CrossEntropyLoss()

    def step(x=x, y=y):
        optimizer.zero_grad(set_to_none=True)
        loss(model(x), y).backward()
        optimizer.step()

    def predict():
        with torch.inference_mode():
            torch.softmax(model(x), -1)

    def document():
        for _ in range(100):
            for i in range(10):
                step(many[i : i + 1], answers[i : i + 1])

    found = {"predict_ms": shortest(predict), "train_ms": shortest(step)}
    if shape == DOCUMENT:
        many, answers = torch.randn(10, 1, 1), torch.randint(0, CLASSES, (10,))
        found["document_s"] = seconds_of(document)
    return found


def time_onnx(shape):
    import onnxruntime
    import torch

    batch, steps, inputs, units = shape
    x, _ = data(batch, steps, inputs)
    file = io.BytesIO()
    torch.onnx.export(torch_model(inputs, units), (torch.tensor(x),), file, dynamo=False, input_names=["x"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    return {"predict_ms": shortest(lambda: session.run(None, {"x": x}))}


def time_keras(shape):
    import keras

    batch, steps, inputs, units = shape
    x, y = data(batch, steps, inputs)
    layers = keras.layers
    model = keras.Sequential([keras.Input((steps, inputs)), layers.LSTM(units), layers.Dense(CLASSES, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    batches = 20
    many, answers = np.repeat(x, batches, 0), np.repeat(np.eye(CLASSES, dtype="f4")[y], batches, 0)

    def epoch():
        model.fit(many, answers, batch_size=batch, epochs=1, verbose=0, shuffle=False)

    epoch()
    found = {"train_ms": 1000 * min(seconds_of(epoch) for _ in range(5)) / batches}
    found["predict_ms"] = shortest(lambda: model.predict_on_batch(x))
    if shape == DOCUMENT:
        many, answers = np.random.randn(10, 1, 1).astype("f4"), np.eye(10, dtype="f4")
        model.fit(many, answers, batch_size=1, epochs=1, verbose=0)
        found["document_s"] = seconds_of(lambda: model.fit(many, answers, batch_size=1, epochs=100, verbose=0))
    return found


if peer == "keras-tensorflow":
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
time_peer = {"torch": time_torch, "keras-tensorflow": time_keras, "onnxruntime": time_onnx}[peer]
for shape in shapes:
    print(json.dumps({"peer": peer, "threads": threads, "shape": shape, **time_peer(shape)}), flush=True)
