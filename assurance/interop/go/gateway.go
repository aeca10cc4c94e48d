package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/cloudflare/circl/hpke"
	"github.com/openpcc/ohttp"
	"github.com/openpcc/ohttp/encoding/bhttp"
)

const (
	keyID       = 7
	chunkLength = 16384
)

// gateway serves until standard input ends.
func gateway(aead string) error {
	number, err := strconv.ParseUint(aead, 10, 16)
	if err != nil {
		return err
	}
	public, secret, err := hpke.KEM_X25519_HKDF_SHA256.Scheme().GenerateKeyPair()
	if err != nil {
		return err
	}
	config := ohttp.KeyConfig{
		KeyID:     keyID,
		KemID:     hpke.KEM_X25519_HKDF_SHA256,
		PublicKey: public,
		SymmetricAlgorithms: []ohttp.SymmetricAlgorithm{
			{KDFID: hpke.KDF_HKDF_SHA256, AEADID: hpke.AEAD(number)},
		},
	}
	encoded, err := config.MarshalBinary()
	if err != nil {
		return err
	}
	slog.SetLogLoggerLevel(slog.LevelWarn)
	// Without it the decoder takes no chunk of more than 4 KiB, which every receiver MUST (draft-ietf-ohai-chunked-ohttp-08 §6.1).
	decoder, err := bhttp.NewRequestDecoder(bhttp.MaxRequestChunkLen(chunkLength))
	if err != nil {
		return err
	}
	tell := ohttp.JSONProblemErrorHandler{LogFunc: func(err error) { fmt.Fprintln(os.Stderr, err) }}
	opener, err := ohttp.NewGateway(
		ohttp.KeyPair{SecretKey: secret, KeyConfig: config},
		ohttp.WithRequestDecoder(decoder),
		ohttp.WithErrorHandler(&tell),
	)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- http.Serve(listener, ohttp.Middleware(opener, http.HandlerFunc(echo))) }()
	err = json.NewEncoder(os.Stdout).Encode(map[string]string{
		"address": listener.Addr().String(),
		"config":  hex.EncodeToString(encoded),
	})
	if err != nil {
		return err
	}
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		failed <- err
	}()
	return <-failed
}

// echo answers with what it got, in pieces of the lengths that x-splits gives, each a chunk of its own.
func echo(w http.ResponseWriter, r *http.Request) {
	lengths, err := parseSplits(r.Header.Get("x-splits"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("content-type", r.Header.Get("content-type"))
	w.Header().Set("x-got", r.Method+" "+r.Host+" "+r.URL.Path)
	w.WriteHeader(http.StatusAccepted)
	w.(http.Flusher).Flush()
	_ = lengths.pieces(body, func(piece []byte) error {
		_, err := w.Write(piece)
		return err
	})
}
