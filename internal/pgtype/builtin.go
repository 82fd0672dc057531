package pgtype

// builtinCodec chooses the representation and the codec of a built-in type. A type that is not named here exists in the catalog, but has no values.
func builtinCodec(t *Type) (Rep, Codec) {
	switch {
	case t.Proc.Input == "array_in":
		return RepArray, arrayCodec{t: t, elem: t.Elem}
	case t.Kind == KindComposite:
		return RepRecord, recordCodec{t: t}
	case t.Kind == KindDomain:
		rep, codec := builtinCodec(t.Base)
		return rep, domainCodec{Codec: codec, mod: t.BaseMod}
	case t.Kind == KindRange:
		return RepBytes, rangeCodec{t: t}
	case t.Kind == KindMultirange:
		return RepBytes, multirangeCodec{t: t}
	case t.Kind == KindPseudo:
		return pseudoCodecOf(t)
	}
	if rep, codec, ok := wordCodecOf(t); ok {
		return rep, codec
	}
	text := textCodec{t: t}
	switch t.OID {
	case OIDNumeric:
		return RepNumeric, numericCodec{}
	case OIDText, OIDRefcursor:
		return RepBytes, text
	case OIDVarchar:
		return RepBytes, varcharCodec{text}
	case OIDBpchar:
		return RepBytes, bpcharCodec{text}
	case OIDName:
		return RepBytes, nameCodec{text}
	case OIDBytea:
		return RepBytes, byteaCodec{}
	case OIDBit, OIDVarbit:
		return RepBytes, bitCodec{varying: t.OID == OIDVarbit}
	case OIDInet, OIDCidr:
		return RepBytes, inetCodec{cidr: t.OID == OIDCidr}
	case OIDJson:
		return RepBytes, jsonCodec{text}
	case OIDJsonb:
		return RepBytes, jsonbCodec{text}
	case OIDJsonpath:
		return RepBytes, jsonpathCodec{text}
	case OIDAclitem:
		return RepBytes, text
	case OIDPoint, OIDLseg, OIDPath, OIDBox, OIDPolygon, OIDCircle, OIDLine:
		return RepBytes, geometryCodec{textCodec: text, oid: t.OID}
	case OIDPgNodeTree, OIDPgNdistinct, OIDPgDependencies, OIDPgMcvList, OIDPgBrinBloomSummary, OIDPgBrinMinmaxMultiSummary, OIDGtsvector:
		return RepBytes, opaqueCodec{text}
	case OIDInt2vector, OIDOidvector:
		return RepArray, vectorCodec{arrayCodec{t: t, elem: t.Elem}}
	}
	return RepBytes, newUnsupported(t)
}

func wordCodecOf(t *Type) (Rep, Codec, bool) {
	switch t.OID {
	case OIDBool:
		return RepWord, boolCodec{word{size: 1}}, true
	case OIDInt2:
		return RepWord, intCodec{word{size: 2}, "smallint"}, true
	case OIDInt4:
		return RepWord, intCodec{word{size: 4}, "integer"}, true
	case OIDInt8:
		return RepWord, intCodec{word{size: 8}, "bigint"}, true
	case OIDOid, OIDXid, OIDCid:
		return RepWord, oidCodec{word{size: 4, unsigned: true}, t.Name}, true
	case OIDXid8:
		return RepWord, oidCodec{word{size: 8, unsigned: true}, t.Name}, true
	case OIDRegproc, OIDRegprocedure, OIDRegoper, OIDRegoperator, OIDRegclass, OIDRegtype, OIDRegnamespace, OIDRegrole, OIDRegconfig,
		OIDRegdictionary, OIDRegcollation:
		return RepWord, regCodec{word{size: 4, unsigned: true}, t.Name}, true
	case OIDTid:
		return RepWord, tidCodec{word{size: 8, unsigned: true}}, true
	case OIDPgLsn:
		return RepWord, lsnCodec{word{size: 8, unsigned: true}}, true
	case OIDMoney:
		return RepWord, moneyCodec{word{size: 8}}, true
	case OIDMacaddr:
		return RepWord, macaddrCodec{word{size: 8, unsigned: true}, t.Name, 6}, true
	case OIDMacaddr8:
		return RepWord, macaddrCodec{word{size: 8, unsigned: true}, t.Name, 8}, true
	case OIDUuid:
		return RepPair, uuidCodec{}, true
	case OIDDate:
		return RepWord, dateCodec{word{size: 4}}, true
	case OIDTime:
		return RepWord, timeCodec{word{size: 8}}, true
	case OIDTimestamp:
		return RepWord, timestampCodec{word{size: 8}, false}, true
	case OIDTimestamptz:
		return RepWord, timestampCodec{word{size: 8}, true}, true
	case OIDTimetz:
		return RepPair, timetzCodec{}, true
	case OIDInterval:
		return RepPair, intervalCodec{}, true
	case OIDFloat4:
		return RepFloat, floatCodec{"real", 32}, true
	case OIDFloat8:
		return RepFloat, floatCodec{"double precision", 64}, true
	case OIDQChar:
		return RepWord, qcharCodec{word{size: 1, unsigned: true}}, true
	}
	return 0, nil, false
}
