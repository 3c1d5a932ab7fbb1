"""The trainer of `archdsl train`: image classification, one device, the whole data set in memory.

`datasets` reads labelled images, `preparation` fits them to a network's input, `loop` trains, `checkpoint` stops and
goes on. It is meant to show that a spec trains and to compare specs with each other; the module that
`archdsl.compile` makes is an ordinary one and trains in any other program as well.
"""
