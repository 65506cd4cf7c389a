/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Built without GnuTLS. */

#include "cert/localca.h"

static gboolean
refuse (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "This videomeet was built without GnuTLS (meson option cert).");
  return FALSE;
}

gboolean
vmt_local_ca_make (const VmtLocalCa *self, const gchar *const *names,
    gint64 date, GError **error)
{
  return refuse (error);
}

gboolean
vmt_local_ca_ready (const VmtLocalCa *self, const gchar *const *names,
    gint64 date, GError **error)
{
  return refuse (error);
}

gchar *
vmt_local_ca_get_name (const VmtLocalCa *self)
{
  return NULL;
}

gint64
vmt_local_ca_get_end (const VmtLocalCa *self)
{
  return 0;
}
