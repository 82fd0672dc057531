package tpch

import (
	"math/rand/v2"
	"sync"
)

// poolSize is how much text the comments are cut from.
const poolSize = 4 << 20

// pool is the text of clause 4.2.2.14: sentences of the grammar, one behind the other.
var pool = sync.OnceValue(func() []byte {
	w := &writer{r: rand.New(rand.NewPCG(19920101, 14))}
	for len(w.text) < poolSize {
		w.sentence()
	}
	return w.text
})

// writer writes sentences.
type writer struct {
	r    *rand.Rand
	text []byte
}

func (w *writer) word(words []string) { w.put(words[w.r.IntN(len(words))]) }

func (w *writer) put(s string) {
	if len(w.text) > 0 {
		w.text = append(w.text, ' ')
	}
	w.text = append(w.text, s...)
}

func (w *writer) noun() {
	if w.r.IntN(4) == 0 {
		w.word(frequentNouns)
		return
	}
	w.word(nouns)
}

func (w *writer) nounPhrase() {
	switch w.r.IntN(4) {
	case 0:
	case 1:
		w.word(adjectives)
	case 2:
		w.word(adjectives)
		w.text = append(w.text, ',')
		w.word(adjectives)
	case 3:
		w.word(adverbs)
		w.word(adjectives)
	}
	w.noun()
}

func (w *writer) verbPhrase() {
	form := w.r.IntN(4)
	if form == 1 || form == 3 {
		w.word(auxiliaries)
	}
	w.word(verbs)
	if form >= 2 {
		w.word(adverbs)
	}
}

func (w *writer) prepositional() {
	w.word(prepositions)
	w.put("the")
	w.nounPhrase()
}

func (w *writer) sentence() {
	w.nounPhrase()
	form := w.r.IntN(5)
	if form >= 3 {
		w.prepositional()
	}
	w.verbPhrase()
	switch form {
	case 1, 4:
		w.prepositional()
	case 2, 3:
		w.nounPhrase()
	}
	w.text = append(w.text, terminators[w.r.IntN(len(terminators))]...)
}

// comment is a piece of the text of low to high characters.
func comment(r *rand.Rand, dst []byte, low, high int) []byte {
	n := low + r.IntN(high-low+1)
	text := pool()
	at := r.IntN(len(text) - n)
	return append(dst, text[at:at+n]...)
}

const addressLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ, "

// address is a random string of 10 to 40 characters.
func address(r *rand.Rand, dst []byte) []byte {
	for range 10 + r.IntN(31) {
		dst = append(dst, addressLetters[r.IntN(len(addressLetters))])
	}
	return dst
}
