package main

import (
	"slices"
	"strings"
	"testing"
)

const bundles = "../../spec/vectors/bundles"

// Present numbers of vectors that are judged, so that no change of the reader can pass by judging less.
// Raise them with new vectors.
const (
	leastJudged = 1064
	leastBeside = 139
)

// outsideLayers are those whose steps this reader takes as passed.
var outsideLayers = []string{"chain", "platform", "eventlog"}

func allVectors(t *testing.T) []vector {
	t.Helper()
	vectors, err := readVectors(bundles)
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

func compared(t *testing.T, vectors []vector) report {
	t.Helper()
	result, err := compare(vectors)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestEveryVectorIsJudgedAsItSays(t *testing.T) {
	result := compared(t, allVectors(t))
	for _, d := range result.Different {
		t.Errorf("%s: expected %s, judged %s", d.Name, d.Expected, d.Judged)
	}
	if result.Judged < leastJudged {
		t.Errorf("%d vectors are judged, fewer than %d", result.Judged, leastJudged)
	}
	if result.Beside < leastBeside {
		t.Errorf("%d vectors are judged beside a layer outside, fewer than %d", result.Beside, leastBeside)
	}
	outside := 0
	for _, layer := range outsideLayers {
		outside += result.Outside[layer]
	}
	if result.Vectors != result.Judged+outside {
		t.Errorf("%d vectors are neither judged nor outside by a named layer", result.Vectors-result.Judged-outside)
	}
}

// What is left out altogether is of a layer outside, and every other layer is reached.
func TestOnlyTheLayersOutsideAreLeftOut(t *testing.T) {
	reached := map[string]bool{}
	for _, v := range allVectors(t) {
		in, err := v.input()
		if err != nil {
			t.Fatal(err)
		}
		layer, _, _ := strings.Cut(v.Code, ".")
		reached[layer] = reached[layer] || !judge(in).dependsOn(v.Code)
	}
	inside := []string{"policy", "bundle", "ak", "attest", "signature", "binding", "claims", "pcr", "release", "state", "receipt"}
	for _, layer := range inside {
		if !reached[layer] {
			t.Errorf("no vector of the layer %s is judged", layer)
		}
	}
	if len(reached) != len(inside)+len(outsideLayers)+1 {
		t.Errorf("the vectors have other layers than this test knows: %v", reached)
	}
}

// An expectation that is changed in a copy has to show, whichever part of it: code, warning, state.
func TestAChangedExpectationIsADifference(t *testing.T) {
	vectors := allVectors(t)
	change := func(name string, change func(*vector)) {
		at := slices.IndexFunc(vectors, func(v vector) bool { return v.Name == name })
		if at < 0 {
			t.Fatalf("there is no vector %s", name)
		}
		changed := vectors[at]
		change(&changed)
		if result := compared(t, []vector{changed}); len(result.Different) != 1 {
			t.Errorf("%s: the changed expectation is no difference", name)
		}
	}
	change("nonce-mismatch", func(v *vector) { v.Code = "binding.nonce" })
	change("nonce-mismatch", func(v *vector) { v.Code = "ok" })
	change("ok-rsa", func(v *vector) { v.Code = "signature.invalid" })
	change("warn-state-reset", func(v *vector) { v.Warnings = nil })
	change("ok-state-again", func(v *vector) { v.NextState = nil })
	change("memory-revoked", func(v *vector) { v.NextState = nil })
	change("ok-receipt", func(v *vector) { v.Code = "receipt.signature" })
	change("order-state-full-state-cleared", func(v *vector) { v.Code = "state.tpm_cleared" })
}

// A step that checks nothing has to show in a vector that fails in it.
func TestEveryStepIsSeenInAVector(t *testing.T) {
	failing := map[string]input{}
	for _, v := range allVectors(t) {
		in, err := v.input()
		if err != nil {
			t.Fatal(err)
		}
		if out := judge(in); out.step != "" {
			failing[out.step] = in
		}
	}
	for i, s := range steps {
		if slices.Contains(outsideLayers, s.id) {
			continue
		}
		in, found := failing[s.id]
		if !found {
			t.Errorf("no vector fails in step %s", s.id)
			continue
		}
		if without := codeWithout(i, in); without == judge(in).code {
			t.Errorf("%s is found without step %s too", without, s.id)
		}
	}
}

// codeWithout judges without one step. The steps behind it may rely on what it found: that they
// cannot go on shows its absence as well.
func codeWithout(i int, in input) (code string) {
	defer func() {
		if recover() != nil {
			code = "none"
		}
	}()
	return judgeBy(slices.Delete(slices.Clone(steps), i, i+1), in).code
}
