package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"time"

	"filippo.io/torchwood"
	"filippo.io/torchwood/tesserax"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// How often the log is asked whether it has moved on.
const pollInterval = 100 * time.Millisecond

type publication struct {
	folder, origin, key, witnesses, entry, proof string
}

// run appends the entry, waits until witnesses have seen it, and writes the proof: C2SP tlog-proof@v1.
func (p publication) run(ctx context.Context) error {
	for _, needed := range []string{p.folder, p.origin, p.key, p.witnesses, p.entry, p.proof} {
		if needed == "" {
			return errors.New("publish needs --log, --origin, --key, --witnesses, --entry and --proof")
		}
	}
	entry, err := os.ReadFile(p.entry)
	if err != nil {
		return err
	}
	key, err := readKey(p.key)
	if err != nil {
		return err
	}
	signer, err := noteSigner(p.origin, key)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(p.witnesses)
	if err != nil {
		return err
	}
	group, err := tessera.NewWitnessGroupFromPolicy(text)
	if err != nil {
		return fmt.Errorf("%s: %w", p.witnesses, err)
	}
	proof, err := publish(ctx, p.folder, signer, group, entry)
	if err != nil {
		return err
	}
	return replace(p.proof, proof)
}

func publish(ctx context.Context, folder string, signer note.Signer, group tessera.WitnessGroup, entry []byte) ([]byte, error) {
	// The appender goes on in the background until its context ends. It would write into a folder that is already somebody else's.
	ctx, end := context.WithCancel(ctx)
	defer end()
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return nil, err
	}
	// Without the witnesses there is no checkpoint: nobody gets to see a log that they have not seen.
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(1, pollInterval).
		WithCheckpointInterval(pollInterval).
		WithWitnesses(group, &tessera.WitnessOptions{Timeout: tessera.DefaultWitnessTimeout})
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return nil, err
	}
	await := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, pollInterval)
	index, signed, err := await.Await(ctx, appender.Add(ctx, tessera.NewEntry(entry)))
	if err != nil {
		return nil, errors.Join(err, shutdown(ctx))
	}
	if err := shutdown(ctx); err != nil {
		return nil, err
	}
	return prove(ctx, reader, index.Index, signed, entry)
}

// prove takes the proof from the tiles, and makes sure that it is one.
func prove(ctx context.Context, reader tessera.LogReader, index uint64, signed, entry []byte) ([]byte, error) {
	checkpoint, err := checkpointOf(signed)
	if err != nil {
		return nil, err
	}
	tiles := torchwood.TileHashReaderWithContext(ctx, checkpoint.Tree, tesserax.NewTileReader(reader))
	path, err := tlog.ProveRecord(checkpoint.N, int64(index), tiles)
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckRecord(path, checkpoint.N, checkpoint.Hash, int64(index), tlog.RecordHash(entry)); err != nil {
		return nil, err
	}
	return torchwood.FormatProof(int64(index), path, signed), nil
}

// noteSigner gives a key the form of C2SP signed-note, type 0x01.
func noteSigner(name string, key ed25519.PrivateKey) (note.Signer, error) {
	encoded := append([]byte{0x01}, key.Seed()...)
	public := append([]byte{0x01}, key.Public().(ed25519.PublicKey)...)
	id := sha256.Sum256(append([]byte(name+"\n"), public...))
	return note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", name, id[:4], base64.StdEncoding.EncodeToString(encoded)))
}
