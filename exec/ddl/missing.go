package ddl

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// missingHandler finds the statements that PostgreSQL has and kalampg has not. They are refused by name.
func missingHandler(node *pg_query.Node) handler {
	if n, ok := node.Node.(*pg_query.Node_CreateExtensionStmt); ok {
		return handler{"CREATE EXTENSION", func(w *work) (string, error) { return "", w.createExtension(n.CreateExtensionStmt) }}
	}
	if name := missingFeature(node); name != "" {
		return handler{name, func(*work) (string, error) { return "", pgerr.Unsupported(name) }}
	}
	return handler{}
}

// createExtension knows plpgsql, which every PostgreSQL database begins with, and nothing else.
func (w *work) createExtension(n *pg_query.CreateExtensionStmt) error {
	if n.Extname == "plpgsql" {
		if n.IfNotExists {
			w.noticef(pgerr.DuplicateObject, "extension \"plpgsql\" already exists, skipping")
			return nil
		}
		return pgerr.New(pgerr.DuplicateObject, "extension \"plpgsql\" already exists")
	}
	return pgerr.Unsupported("CREATE EXTENSION " + n.Extname)
}

func missingFeature(node *pg_query.Node) string {
	switch n := node.Node.(type) {
	case *pg_query.Node_CreateFunctionStmt:
		if n.CreateFunctionStmt.IsProcedure {
			return "CREATE PROCEDURE"
		}
		return "CREATE FUNCTION"
	case *pg_query.Node_AlterFunctionStmt:
		return "ALTER FUNCTION"
	case *pg_query.Node_DoStmt:
		return "DO"
	case *pg_query.Node_CallStmt:
		return "CALL"
	case *pg_query.Node_CreateTrigStmt:
		return "CREATE TRIGGER"
	case *pg_query.Node_CreateEventTrigStmt:
		return "CREATE EVENT TRIGGER"
	case *pg_query.Node_RuleStmt:
		return "CREATE RULE"
	case *pg_query.Node_CreatePolicyStmt, *pg_query.Node_AlterPolicyStmt:
		return "row level security"
	case *pg_query.Node_DefineStmt:
		return "CREATE " + objectWord(n.DefineStmt.Kind)
	case *pg_query.Node_CreateRangeStmt:
		return "CREATE TYPE AS RANGE"
	case *pg_query.Node_CreateCastStmt:
		return "CREATE CAST"
	case *pg_query.Node_CreateOpClassStmt:
		return "CREATE OPERATOR CLASS"
	case *pg_query.Node_CreateOpFamilyStmt:
		return "CREATE OPERATOR FAMILY"
	case *pg_query.Node_CreateConversionStmt:
		return "CREATE CONVERSION"
	case *pg_query.Node_CreateStatsStmt:
		return "CREATE STATISTICS"
	case *pg_query.Node_CreateTableSpaceStmt:
		return "CREATE TABLESPACE"
	case *pg_query.Node_CreatePublicationStmt, *pg_query.Node_AlterPublicationStmt:
		return "publications"
	case *pg_query.Node_CreateSubscriptionStmt, *pg_query.Node_AlterSubscriptionStmt, *pg_query.Node_DropSubscriptionStmt:
		return "subscriptions to publications"
	case *pg_query.Node_CreateFdwStmt, *pg_query.Node_CreateForeignServerStmt, *pg_query.Node_CreateForeignTableStmt, *pg_query.Node_CreateUserMappingStmt, *pg_query.Node_ImportForeignSchemaStmt:
		return "foreign tables"
	case *pg_query.Node_AlterExtensionStmt, *pg_query.Node_AlterExtensionContentsStmt:
		return "ALTER EXTENSION"
	case *pg_query.Node_SecLabelStmt:
		return "SECURITY LABEL"
	case *pg_query.Node_AlterSystemStmt:
		return "ALTER SYSTEM"
	case *pg_query.Node_CreateTransformStmt:
		return "CREATE TRANSFORM"
	case *pg_query.Node_CreatePlangStmt:
		return "CREATE LANGUAGE"
	case *pg_query.Node_CreateAmStmt:
		return "CREATE ACCESS METHOD"
	case *pg_query.Node_AlterCollationStmt:
		return "ALTER COLLATION"
	case *pg_query.Node_AlterOperatorStmt, *pg_query.Node_AlterOpFamilyStmt:
		return "ALTER OPERATOR"
	case *pg_query.Node_AlterObjectDependsStmt:
		return "ALTER … DEPENDS ON EXTENSION"
	case *pg_query.Node_AlterTypeStmt:
		return "ALTER TYPE … SET"
	case *pg_query.Node_AlterTableMoveAllStmt:
		return "ALTER TABLE ALL IN TABLESPACE"
	}
	return ""
}
