/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options-files.h"
#include "options/options.h"

/* The options of call and answer alone. Errors are sentences for the user. */

/* @raw: of answer its --accept. */
void vmt_options_add_call (GOptionContext *context, VmtOptions *options,
    VmtCommand command, VmtFilesRaw *raw);
/* After the files and the rest of the line were taken. */
/* Whether answer has an --accept that is of use there. */
gboolean vmt_options_check_answer (
    VmtCommand command, const VmtFilesRaw *raw, GError **error);
gboolean vmt_options_take_call (VmtOptions *options, GError **error);
