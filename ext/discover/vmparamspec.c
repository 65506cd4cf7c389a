/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmparamspec.h"

#include <string.h>

/* "Device: name of the user" */
static const gchar *
group_blurb (const gchar *group, const gchar *blurb)
{
  g_autofree gchar *text = g_strdup_printf ("%s: %s", group, blurb);
  gchar *first = text + strlen (group) + strlen (": ");

  /* an abbreviation stays as it is */
  if (g_ascii_islower (first[0] ? first[1] : '\0'))
    *first = g_ascii_tolower (*first);
  return g_intern_string (text);
}

GParamSpec *
vm_param_spec_copy (GParamSpec *spec, const gchar *group, GParamFlags more)
{
  const gchar *name = g_param_spec_get_name (spec);
  const gchar *nick = g_param_spec_get_nick (spec);
  const gchar *blurb = group_blurb (group, g_param_spec_get_blurb (spec));
  GParamFlags flags =
      (spec->flags & (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)) | more;

  if (G_IS_PARAM_SPEC_STRING (spec))
    return g_param_spec_string (
        name, nick, blurb, G_PARAM_SPEC_STRING (spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_UINT (spec))
    return g_param_spec_uint (name, nick, blurb,
        G_PARAM_SPEC_UINT (spec)->minimum, G_PARAM_SPEC_UINT (spec)->maximum,
        G_PARAM_SPEC_UINT (spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_BOOLEAN (spec))
    return g_param_spec_boolean (
        name, nick, blurb, G_PARAM_SPEC_BOOLEAN (spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_ENUM (spec))
    return g_param_spec_enum (name, nick, blurb, spec->value_type,
        G_PARAM_SPEC_ENUM (spec)->default_value, flags);
  g_return_val_if_fail (G_IS_PARAM_SPEC_FLAGS (spec), NULL);
  return g_param_spec_flags (name, nick, blurb, spec->value_type,
      G_PARAM_SPEC_FLAGS (spec)->default_value, flags);
}
