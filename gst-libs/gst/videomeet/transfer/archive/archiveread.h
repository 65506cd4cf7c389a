/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/archive/archivefolder.h"

/* A zip archive that is read as it comes, into a folder that grows. Nothing is
 * taken on trust: names (archivename.h), sizes, links, what a byte becomes. */

/* Bytes of files that a byte of the archive may become. */
#define VM_ARCHIVE_EXPANSION_MAX 100

typedef struct
{
  /* The next bytes, valid until it is called again; *@bytes NULL: the end.
   * FALSE with an error: there are no more. */
  gboolean (*next) (gpointer data, GBytes **bytes, GError **error);
  /* Bytes of files that are written in all. FALSE with an error: it must not go
   * on. */
  gboolean (*done) (guint64 bytes, gpointer data, GError **error);
  gpointer data; /* of both */
  guint64 max_size; /* bytes of all files, with those that were there */
} VmArchiveSource;

/* Reads to the end of the source. VM_ERROR_BAD_MESSAGE: it is no such archive,
 * or not as it says; VM_ERROR_TOO_LARGE: beyond a limit; the errors of the
 * source and of archivefolder.h. */
gboolean vm_archive_read (
    const VmArchiveSource *source, VmArchiveFolder *folder, GError **error);
