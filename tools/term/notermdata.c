/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Without what a connection to a browser is made of (meson option signal). */

#include "term/termdata.h"

struct _VmtTermData
{
  gint unused;
};

VmtTermData *
vmt_term_data_new (VmAgent *agent, const gchar *stun, VmtOutput *output)
{
  vmt_output_warning (output, NULL,
      "Browsers cannot see the terminal: this videomeet is built without "
      "WebRTC.");
  return g_new0 (VmtTermData, 1);
}

void
vmt_term_data_free (VmtTermData *self)
{
  g_free (self);
}
