/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/options-cert.h"
#include "options/options-priv.h"

void
vmt_options_add_cert (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &o->yes,
        "Do not ask whether browsers are to believe the root", NULL },
    { "remove", 0, 0, G_OPTION_ARG_NONE, &o->remove,
        "Take the root out of the browsers, and delete it with its key", NULL },
    { "print", 0, 0, G_OPTION_ARG_NONE, &o->print,
        "Write the root (PEM), for a phone or another computer", NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

gboolean
vmt_options_check_cert (const VmtOptions *options, GError **error)
{
  if (options->yes + options->remove + options->print <= 1)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--yes, --remove and --print are of use one at a time.");
  return FALSE;
}
