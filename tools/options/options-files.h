/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* The options of send and receive. Errors are sentences for the user. */

/* As they were given; vmt_options_take_files() reads them. */
typedef struct
{
  gchar **priorities;
  gchar *max_active, *max_bitrate, *accept, *overwrite, *max_size, *quota;
} VmtFilesRaw;

void vmt_files_raw_clear (VmtFilesRaw *raw);
void vmt_options_add_send (GArray *all, VmtOptions *options, VmtFilesRaw *raw);
void vmt_options_add_receive (GArray *all, VmtFilesRaw *raw);
/* Of a meeting: --files, and how they are taken. */
void vmt_options_add_meeting_files (
    GArray *all, VmtOptions *options, VmtFilesRaw *raw);
/* Forgets the defaults of the configuration that are of no use with the rest
 * of @options, which holds its values as they were given. */
void vmt_options_drop_defaults (VmtOptions *options, VmtCommand command,
    VmtFilesRaw *files, gchar **approve);
/* Whether nothing is said of files where none are received. */
gboolean vmt_options_check_meeting_files (const VmtOptions *options,
    VmtCommand command, const VmtFilesRaw *raw, GError **error);
gboolean vmt_options_take_files (
    VmtOptions *options, const VmtFilesRaw *raw, GError **error);
/* FILE… TO */
gboolean
vmt_options_take_send (VmtOptions *options, gchar **rest, GError **error);
/* "PATTERN=N". @pattern: (out) (optional) (transfer full) */
gboolean vmt_priority_parse (
    const gchar *text, gchar **pattern, gint *priority, GError **error);
/* Of the first pattern that the name of @file is like; 0: none is. */
gint vmt_options_get_priority (const VmtOptions *options, const gchar *file);
/* "10", "10k", "2.5M", "1G": thousands of thousands. */
gboolean vmt_amount_parse (
    const gchar *option, const gchar *text, guint64 *amount, GError **error);
