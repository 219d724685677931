"""PyTorch's and Keras's side of convolution.ts: Conv1D -> LSTM -> Dense with the weights of a JSON file.

    python convolution.py torch|keras THREADS MODEL.JSON

MODEL.JSON: { batch, steps, inputs, filters, size, units, x, weights } with Keras's weights in Keras's order, flat. Prints a line of
JSON: { predicted, train_ms }, the prediction of x and the shortest of several full steps (forward, backward, Adam).
"""
import json
import os
import sys
import time

peer, threads, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(threads)
os.environ["KERAS_BACKEND"] = "tensorflow"
import numpy as np

with open(path) as file:
    given = json.load(file)
B, T, I, F, K, U = (given[name] for name in ("batch", "steps", "inputs", "filters", "size", "units"))
shapes = [(K, I, F), (F,), (F, 4 * U), (U, 4 * U), (4 * U,), (U, 1), (1,)]
weights = [np.array(w, "f4").reshape(s) for w, s in zip(given["weights"], shapes)]
x = np.array(given["x"], "f4").reshape(B, T, I)
y = np.zeros((B, 1), "f4")


def shortest(run, seconds=3.0, least=5):
    run()
    run()
    start, times = time.perf_counter(), []
    while len(times) < least or time.perf_counter() - start < seconds:
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times) * 1e3


if peer == "torch":
    import torch

    torch.set_num_threads(threads)

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution = torch.nn.Conv1d(I, F, K)
            self.lstm = torch.nn.LSTM(F, U, batch_first=True)
            self.dense = torch.nn.Linear(U, 1)

        def forward(self, x):
            z = torch.relu(self.convolution(x.transpose(1, 2))).transpose(1, 2)
            return self.dense(self.lstm(z)[0][:, -1])

    model = Model()
    t = lambda array: torch.tensor(np.ascontiguousarray(array))
    with torch.no_grad():
        model.convolution.weight.copy_(t(weights[0].transpose(2, 1, 0)))
        model.convolution.bias.copy_(t(weights[1]))
        model.lstm.weight_ih_l0.copy_(t(weights[2].T))
        model.lstm.weight_hh_l0.copy_(t(weights[3].T))
        model.lstm.bias_ih_l0.copy_(t(weights[4]))
        model.lstm.bias_hh_l0.zero_()
        model.dense.weight.copy_(t(weights[5].T))
        model.dense.bias.copy_(t(weights[6]))
    xs, ys = torch.tensor(x), torch.tensor(y)
    with torch.inference_mode():
        predicted = model(xs).numpy()
    optimizer, loss = torch.optim.Adam(model.parameters()), torch.nn.MSELoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(model(xs), ys).backward()
        optimizer.step()

    train = shortest(step)
else:
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    model = keras.Sequential(
        [keras.Input((T, I)), keras.layers.Conv1D(F, K, activation="relu"), keras.layers.LSTM(U), keras.layers.Dense(1)]
    )
    model.set_weights(weights)
    predicted = model.predict_on_batch(x)
    model.compile(optimizer="adam", loss="mse")
    X, Y = np.repeat(x, 20, 0), np.repeat(y, 20, 0)
    train = shortest(lambda: model.fit(X, Y, batch_size=B, epochs=1, verbose=0, shuffle=False)) / 20
print(json.dumps({"predicted": predicted.ravel().tolist(), "train_ms": train}))
