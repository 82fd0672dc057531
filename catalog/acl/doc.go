// Package acl is the leaf that reads, prints and evaluates access control lists: the text form of an aclitem, the default privileges of each kind of object, and
// whether a list gives a role a privilege.
package acl
