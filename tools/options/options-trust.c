/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/options-trust.h"

static const struct
{
  const gchar *name;
  gboolean takes; /* something after it */
  gboolean needs;
  const gchar *usage;
} actions[VMT_TRUST_N_ACTIONS] = {
  [VMT_TRUST_REQUEST] = { "request", TRUE, TRUE,
      "videomeet trust request DEVICE" },
  [VMT_TRUST_LIST] = { "list", FALSE, FALSE, "videomeet trust list" },
  [VMT_TRUST_SHOW] = { "show", TRUE, TRUE, "videomeet trust show DEVICE" },
  [VMT_TRUST_REVOKE] = { "revoke", TRUE, TRUE,
      "videomeet trust revoke DEVICE" },
  [VMT_TRUST_EXPORT] = { "export", TRUE, FALSE,
      "videomeet trust export [FILE]" },
  [VMT_TRUST_IMPORT] = { "import", TRUE, TRUE, "videomeet trust import FILE" },
};

const gchar *
vmt_trust_action_to_string (VmtTrustAction action)
{
  return actions[action].name;
}

gboolean
vmt_choice_parse (GType type, const gchar *option, const gchar *text,
    gint *value, GError **error)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (type);
  GEnumClass *choices = (GEnumClass *) klass;
  const GEnumValue *choice = g_enum_get_value_by_nick (choices, text);
  g_autoptr (GString) known = g_string_new (NULL);

  if (choice) {
    *value = choice->value;
    return TRUE;
  }
  for (guint i = 0; i < choices->n_values; i++)
    g_string_append_printf (known, "%s%s",
        i == 0                       ? ""
        : i + 1 == choices->n_values ? " or "
                                     : ", ",
        choices->values[i].value_nick);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s takes %s, not '%s'.", option, known->str, text);
  return FALSE;
}

gboolean
vmt_permissions_parse (
    const gchar *text, VmPermissions *permissions, GError **error)
{
  g_autofree gchar *all = NULL;

  if (vm_permissions_from_string (text, permissions) && *permissions)
    return TRUE;
  all = vm_permissions_to_string (VM_PERMISSIONS_ALL);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--permissions takes some of %s, not '%s'.", all, text);
  return FALSE;
}

static gboolean
find_action (const gchar *text, VmtTrustAction *action, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    if (g_str_equal (text, actions[i].name)) {
      *action = i;
      return TRUE;
    }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
      "There is no 'videomeet trust %s': it is request, list, show, revoke, "
      "export or import.",
      text);
  return FALSE;
}

gboolean
vmt_options_take_trust (VmtOptions *options, gchar **rest, GError **error)
{
  guint given = rest ? g_strv_length (rest) : 0;
  guint most;

  if (given == 0) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "Say what: 'videomeet trust request DEVICE', list, show, revoke, "
        "export or import.");
    return FALSE;
  }
  if (!find_action (rest[0], &options->trust, error))
    return FALSE;
  most = actions[options->trust].takes ? 2 : 1;
  if (given > most) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "There is no use for '%s'.", rest[most]);
    return FALSE;
  }
  if (actions[options->trust].needs && (given < 2 || *rest[1] == '\0')) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "Say which: '%s'.", actions[options->trust].usage);
    return FALSE;
  }
  if (given == 2)
    options->target = g_strdup (rest[1]);
  return TRUE;
}
