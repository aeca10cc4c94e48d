package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"

	"github.com/openpcc/ohttp"
	"github.com/openpcc/ohttp/encoding/bhttp"
)

// request is a line of standard input.
type request struct {
	// URL that the encapsulated request is posted to.
	URL string `json:"url"`
	// Config is the key configuration (RFC 9458 §3.1), of which the first symmetric algorithms are used.
	Config string `json:"config"`
	// Path of the request inside, which is a POST to ohttp.invalid.
	Path   string            `json:"path"`
	Fields map[string]string `json:"fields"`
	Body   string            `json:"body"`
	// Splits are the lengths of the pieces in which the body comes to the encoder.
	Splits splits `json:"splits"`
	// ChunkLength is the longest plaintext of a chunk, in bytes.
	ChunkLength int `json:"chunkLength"`
}

// answer is a line of standard output.
type answer struct {
	Status int         `json:"status,omitempty"`
	Fields http.Header `json:"fields,omitempty"`
	Body   string      `json:"body"`
	Error  string      `json:"error,omitempty"`
}

func client() error {
	output := json.NewEncoder(os.Stdout)
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		got, err := send(line)
		if err != nil {
			got = answer{Error: err.Error()}
		}
		if err := output.Encode(got); err != nil {
			return err
		}
	}
}

func send(line []byte) (answer, error) {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{}, err
	}
	encoded, err := hex.DecodeString(asked.Config)
	if err != nil {
		return answer{}, err
	}
	var config ohttp.KeyConfig
	if err := config.UnmarshalBinary(encoded); err != nil {
		return answer{}, err
	}
	encoder, err := bhttp.NewRequestEncoder(bhttp.MaxRequestChunkLen(asked.ChunkLength))
	if err != nil {
		return answer{}, err
	}
	transport, err := ohttp.NewTransport(config, asked.URL, ohttp.WithRequestEncoder(encoder))
	if err != nil {
		return answer{}, err
	}
	body, err := hex.DecodeString(asked.Body)
	if err != nil {
		return answer{}, err
	}
	inner, err := http.NewRequest(http.MethodPost, "https://ohttp.invalid"+asked.Path, asked.Splits.reader(body))
	if err != nil {
		return answer{}, err
	}
	for name, value := range asked.Fields {
		inner.Header.Set(name, value)
	}
	response, err := transport.RoundTrip(inner)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	var got bytes.Buffer
	if _, err := got.ReadFrom(response.Body); err != nil {
		return answer{}, err
	}
	return answer{Status: response.StatusCode, Fields: response.Header, Body: hex.EncodeToString(got.Bytes())}, nil
}
