/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* The command line of trust. */

/* The value of @option, one of the nicks of @type. */
const gchar *vmt_trust_action_to_string (VmtTrustAction action);
gboolean vmt_choice_parse (GType type, const gchar *option, const gchar *text,
    gint *value, GError **error);
/* The value of --permissions. */
gboolean vmt_permissions_parse (
    const gchar *text, VmPermissions *permissions, GError **error);
/* ACTION and what it is about; @rest: NULL, or what was given. */
gboolean
vmt_options_take_trust (VmtOptions *options, gchar **rest, GError **error);
