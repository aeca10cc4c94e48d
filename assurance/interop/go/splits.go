package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// splits are lengths of pieces, over and over.
type splits []int

func parseSplits(text string) (splits, error) {
	var lengths splits
	for item := range strings.SplitSeq(text, ",") {
		length, err := strconv.Atoi(item)
		if err != nil || length < 1 {
			return nil, fmt.Errorf("no length of a piece: %q", item)
		}
		lengths = append(lengths, length)
	}
	return lengths, nil
}

// pieces calls do with each piece of bytes.
func (s splits) pieces(bytes []byte, do func([]byte) error) error {
	for index := 0; len(bytes) > 0; index++ {
		length := min(s[index%len(s)], len(bytes))
		if err := do(bytes[:length]); err != nil {
			return err
		}
		bytes = bytes[length:]
	}
	return nil
}

// reader gives bytes piece by piece. Nobody can tell their number beforehand.
func (s splits) reader(bytes []byte) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		writer.CloseWithError(s.pieces(bytes, func(piece []byte) error {
			_, err := writer.Write(piece)
			return err
		}))
	}()
	return reader
}
