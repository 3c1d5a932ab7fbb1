"""Parameters and multiply-adds added up by hand, layer by layer, from the numbers that papers print.

Nothing of archdsl is used: what comes out is held against what archdsl counts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tally:
    """Sums so far.

    Attributes:
        params: weights, biases, and two numbers for each normalised channel.
        mult_adds: products of convolutions and matrices, for one image.
    """

    params: int = 0
    mult_adds: int = 0

    def conv(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int] = 1,
        size: int = 1,
        *,
        groups: int = 1,
        bias: bool = False,
        norm: bool = True,
    ) -> int:
        """A convolution with maps of size x size as results; gives its channels.

        Args:
            inputs: channels read.
            outputs: channels made.
            kernel: side of the window, or height and width.
            size: side of the maps that it makes.
            groups: into which the channels are divided.
            bias: whether it has biases.
            norm: whether batch normalisation follows.
        """
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        assert inputs % groups == outputs % groups == 0
        weights = height * width * inputs * outputs // groups
        self.params += weights + (outputs if bias else 0)
        self.mult_adds += weights * size * size
        if norm:
            self.norm(outputs)
        return outputs

    def depthwise(self, channels: int, kernel: int, size: int, *, norm: bool = True) -> int:
        """A filter for each channel."""
        return self.conv(channels, channels, kernel, size, groups=channels, norm=norm)

    def norm(self, channels: int) -> None:
        """Batch normalisation: a factor and an offset for each channel."""
        self.params += 2 * channels

    def linear(self, inputs: int, outputs: int, *, bias: bool = True) -> int:
        """A matrix on a vector."""
        return self.conv(inputs, outputs, bias=bias, norm=False)

    @property
    def figures(self) -> tuple[int, int]:
        """Parameters and multiply-adds."""
        return self.params, self.mult_adds
