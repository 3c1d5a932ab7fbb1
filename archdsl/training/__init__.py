"""The trainer of `archdsl train` and `archdsl.train`: image classification, one device, the whole data set in memory.

`datasets` reads labelled images, `preparation` fits them to a network's input, `loop` trains, `keeping` and
`checkpoint` stop and go on; `train_network` is the function that the public API has of it. The module that
`archdsl.compile` makes is an ordinary one and trains in any other program as well.
"""
