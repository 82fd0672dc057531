// Package regex is PostgreSQL's regular expressions: the syntax of "advanced" regular expressions, its errors, and its rule for which of several
// possible matches is meant.
//
// A pattern is parsed into a small tree (parse.go, bracket.go). Of the matches that begin earliest PostgreSQL takes the longest or the shortest, by a preference that
// the tree has as a whole; then it takes the tree apart top down, giving each part as much or as little as that part prefers. Go's regexp package, which is linear,
// finds the same match for most patterns: those whose quantifiers are all greedy (in its leftmost-longest mode), or all not (in its ordinary mode). Such a tree is printed in
// Go's syntax (translate.go). What Go cannot do (look-around, back references, word borders) or does by another rule (both kinds of quantifiers, alternatives with captures) is done by the
// matcher of match.go, which computes for a node and a position the set of ends and picks from it. Go's regexp then only tells where there is nothing to find.
package regex
