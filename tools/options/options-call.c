/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/options-call.h"
#include "options/options-priv.h"
#include "cmd/target.h"

void
vmt_options_add_call (
    GArray *all, VmtOptions *options, VmtCommand command, VmtFilesRaw *raw)
{
  const GOptionEntry both[] = {
    { "server", 0, 0, G_OPTION_ARG_STRING, &options->server,
        "Server for calls, ws://HOST:PORT or wss://HOST:PORT", "URI" },
    { "user", 'u', 0, G_OPTION_ARG_STRING, &options->user,
        "Your name at the server, by which others call you (default: this "
        "account's real name)",
        "NAME" },
    VMT_TOKEN_ENTRY (options),
    { NULL },
  };
  const GOptionEntry answer[] = {
    { "accept", 0, 0, G_OPTION_ARG_STRING, &raw->accept,
        "Which call to answer: ask (ask you), auto (the first) (default ask)",
        "HOW" },
    { NULL },
  };

  vmt_add_entries (all, both);
  if (command == VMT_COMMAND_ANSWER)
    vmt_add_entries (all, answer);
}

gboolean
vmt_options_check_answer (
    VmtCommand command, const VmtFilesRaw *raw, GError **error)
{
  if (command != VMT_COMMAND_ANSWER || !raw->accept
      || g_str_equal (raw->accept, "ask") || g_str_equal (raw->accept, "auto"))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--accept takes ask or auto here, not '%s': who never answers need not "
      "wait.",
      raw->accept);
  return FALSE;
}

gboolean
vmt_options_take_call (VmtOptions *options, GError **error)
{
  if (!options->server) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "Say at which server: --server ws://HOST:PORT.");
    return FALSE;
  }
  vmt_target_set_scheme (&options->server, TRUE);
  return vmt_target_check_server (options->server, error)
         && vmt_check_name ("USER", options->target, error);
}
