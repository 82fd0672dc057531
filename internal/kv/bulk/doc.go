// Package bulk sorts pairs that are too many for a write buffer and writes them to sorted runs, the table files of an engine.
//
// Pairs lie in chunks of a few megabytes, each pair as two lengths, the key, room for the engine's eight bytes, and the value; a chunk is sorted, by radix over the
// first eight bytes that its keys do not share, and laid out anew in order, in the background, while the next one is filled. As long as pairs come in order, which is
// what a load by primary key does, chunks are not kept but go straight to a run. When what is kept outgrows its limit, it is merged into a run of its own, and in the
// end all runs and chunks are merged into one. So memory is bounded whatever the number of pairs, and two pairs of one key meet and are found out.
package bulk
