/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Built without libpulse. */

#include "devices/programs.h"

VmtPrograms *
vmt_programs_new (
    const VmtProgramsFuncs *funcs, gpointer user_data, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "This videomeet was built without libpulse (meson option pulse).");
  return NULL;
}

void
vmt_programs_free (VmtPrograms *self)
{
}
