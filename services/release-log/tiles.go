package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"filippo.io/torchwood"
)

const (
	// Of one answer: a bundle of 256 entries of 65535 bytes, each with its length (C2SP tlog-tiles), is the largest.
	maxAnswer = 256 * (2 + 65535)
	// For one answer.
	answerTime = 30 * time.Second
)

// tileReader reads a log from its URL, or from its folder.
func tileReader(place string) (torchwood.TileReader, error) {
	if !strings.HasPrefix(place, "http://") && !strings.HasPrefix(place, "https://") {
		return torchwood.NewTileFS(os.DirFS(place))
	}
	client := &http.Client{Transport: bounded{http.DefaultTransport}, Timeout: answerTime, CheckRedirect: refuseRedirect}
	return torchwood.NewTileFetcher(place, torchwood.WithHTTPClient(client), torchwood.WithConcurrencyLimit(8),
		torchwood.WithUserAgent("release-log monitor"))
}

func refuseRedirect(request *http.Request, _ []*http.Request) error {
	return fmt.Errorf("the log redirects to %q; name the place itself with --log", request.URL.Redacted())
}

// bounded ends an answer that is longer than any of a log.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{&atMost{response.Body, maxAnswer}, response.Body}
	return response, nil
}

type atMost struct {
	io.Reader
	left int64
}

func (r *atMost) Read(buffer []byte) (int, error) {
	n, err := r.Reader.Read(buffer)
	if r.left -= int64(n); r.left < 0 {
		return 0, fmt.Errorf("more than %d bytes, which no answer of a log has", int64(maxAnswer))
	}
	return n, err
}

// isUnreachable tells an answer that did not come from one that is wrong.
func isUnreachable(err error) bool {
	var network *net.OpError
	var request *url.Error
	return errors.As(err, &network) || errors.As(err, &request) || errors.Is(err, fs.ErrNotExist) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		strings.Contains(err.Error(), "unexpected status code")
}
