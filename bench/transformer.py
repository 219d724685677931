"""PyTorch's and Keras's side of transformer.ts: a causal Transformer block, or an encoder and a decoder with attention.

    python transformer.py torch|keras THREADS MODEL.JSON

MODEL.JSON: { name, heads, inputs, y, weights }, arrays as { shape, value } with flat values, weights by the names of layers, Keras's in
Keras's order. Prints a line of JSON: { predicted, train_ms }, the prediction and the shortest of several full steps (forward,
backward, Adam).
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
array = lambda one: np.array(one["value"], "f4").reshape(one["shape"])
weights = {name: [array(w) for w in ws] for name, ws in given["weights"].items()}
inputs, y, heads = [array(x) for x in given["inputs"]], array(given["y"]), given["heads"]
block = given["name"] == "block"


def shortest(run, seconds=3.0, least=5):
    run()
    run()
    start, times = time.perf_counter(), []
    while len(times) < least or time.perf_counter() - start < seconds:
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times) * 1e3


def in_torch():
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    tensor = lambda a: torch.tensor(np.ascontiguousarray(a))

    def fill(parameter, values):
        with torch.no_grad():
            parameter.copy_(tensor(values))

    def linear(kernel, bias):
        made = nn.Linear(*kernel.shape)
        fill(made.weight, kernel.T)
        fill(made.bias, bias)
        return made

    def norm(gamma, beta):
        made = nn.LayerNorm(gamma.size, eps=1e-3)
        fill(made.weight, gamma)
        fill(made.bias, beta)
        return made

    def lstm(kernel, recurrent, bias):
        made = nn.LSTM(kernel.shape[0], recurrent.shape[0], batch_first=True)
        fill(made.weight_ih_l0, kernel.T)
        fill(made.weight_hh_l0, recurrent.T)
        fill(made.bias_ih_l0, bias)
        fill(made.bias_hh_l0, np.zeros_like(bias))
        return made

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            a = weights["attention"]
            wide = inputs[0].shape[2]
            # One product for query, key and value, as PyTorch's own layer has it.
            self.qkv = linear(
                np.concatenate([a[i].reshape(wide, -1) for i in (0, 2, 4)], 1),
                np.concatenate([a[i].ravel() for i in (1, 3, 5)]),
            )
            self.joined = linear(a[6].reshape(-1, wide), a[7])
            self.norm1, self.norm2 = norm(*weights["norm1"]), norm(*weights["norm2"])
            self.up, self.down = linear(*weights["up"]), linear(*weights["down"])

        def forward(self, x):
            b, t, d = x.shape
            q, k, v = (part.view(b, t, heads, -1).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1))
            seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.joined(seen.transpose(1, 2).reshape(b, t, d))
            return x + self.down(F.gelu(self.up(self.norm2(x))))

    class Translation(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = lstm(*weights["encoder"]), lstm(*weights["decoder"])
            self.last = linear(*weights["last"])

        def forward(self, source, target):
            encoded, states = self.encoder(source)
            decoded, _ = self.decoder(target, states)
            context = F.scaled_dot_product_attention(decoded, encoded, encoded, scale=1.0)
            return self.last(torch.cat([decoded, context], -1))

    model = Block() if block else Translation()
    xs, ys = [tensor(x) for x in inputs], tensor(y)
    with torch.inference_mode():
        predicted = model(*xs).numpy()
    optimizer, loss = torch.optim.Adam(model.parameters()), nn.MSELoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(model(*xs), ys).backward()
        optimizer.step()

    return predicted, shortest(step)


def in_keras():
    import keras
    import tensorflow as tf
    from keras import layers

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    if block:
        wide = inputs[0].shape[2]
        x = keras.Input(inputs[0].shape[1:])
        normed = layers.LayerNormalization(name="norm1")(x)
        attention = layers.MultiHeadAttention(heads, wide // heads, name="attention")
        middle = x + attention(normed, normed, use_causal_mask=True)
        hidden = layers.Dense(4 * wide, "gelu", name="up")(layers.LayerNormalization(name="norm2")(middle))
        model = keras.Model(x, middle + layers.Dense(wide, name="down")(hidden))
    else:
        units = weights["encoder"][1].shape[0]
        source, target = (keras.Input(x.shape[1:]) for x in inputs)
        encoded, *states = layers.LSTM(units, return_sequences=True, return_state=True, name="encoder")(source)
        decoded = layers.LSTM(units, return_sequences=True, name="decoder")(target, initial_state=states)
        context = layers.Attention()([decoded, encoded])
        joined = layers.Concatenate()([decoded, context])
        model = keras.Model([source, target], layers.Dense(y.shape[2], name="last")(joined))
    for name, values in weights.items():
        if values:
            model.get_layer(name).set_weights(values)
    predicted = model.predict_on_batch(inputs)
    model.compile(optimizer="adam", loss="mse")
    many = [np.repeat(x, 10, 0) for x in inputs]
    ys = np.repeat(y, 10, 0)
    fit = lambda: model.fit(many, ys, batch_size=len(y), epochs=1, verbose=0, shuffle=False)
    return predicted, shortest(fit) / 10


predicted, train = in_torch() if peer == "torch" else in_keras()
print(json.dumps({"predicted": np.asarray(predicted).ravel().tolist(), "train_ms": train}))
