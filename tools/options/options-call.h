/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options-files.h"
#include "options/options.h"

/* The options of call and answer alone. Errors are sentences for the user. */

/* @raw: of answer its --accept. */
void vmt_options_add_call (
    GArray *all, VmtOptions *options, VmtCommand command, VmtFilesRaw *raw);
/* Whether answer has an --accept that is of use there. */
gboolean vmt_options_check_answer (
    VmtCommand command, const VmtFilesRaw *raw, GError **error);
/* To be called after the files and the remaining arguments were taken. */
gboolean vmt_options_take_call (VmtOptions *options, GError **error);
