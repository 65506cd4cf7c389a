/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* The options of server. Errors are sentences for the user. */

void vmt_options_add_server (GArray *all, VmtOptions *options);
gboolean vmt_options_take_server (VmtOptions *options, GError **error);
void vmt_options_clear_server (VmtOptions *options);
