"""How fast is cnnlib beside Keras, PyTorch and SciPy? `make bench` measures it, `make bench ONLY=step,conv2d` a part of it.

pairs.py       the method: validate, warm up, then take turns
machine.py     the processor, its matrix-product rate and memory bandwidth, versions and threads
network.py     the article's network in three libraries; training.py: a step of it, inference, an epoch
operations.py  convolution and pooling in four libraries, over the tables in shapes.py
growth.py      how the time grows with batch, image size and channels
fresh.py       what only a new process shows: memory, and compilation on first use
workers.py     each library in a process of its own
store.py       book/performance.json: its form, its bars, reading and writing
page.py        book/performance.md, made of the stored numbers; sections.py, tables.py and pictures.py help
test_*.py      what `make test` checks of all this, without timing anything

Whoever works on one kernel compares cnnlib with itself of yesterday, by pytest-benchmark:
`pytest tests/benchmarks/test_speed.py --benchmark-enable --benchmark-autosave`, later with `--benchmark-compare`.
"""
