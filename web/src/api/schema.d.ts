// Made by `npm run types` from the hub's /openapi.json. Do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Error: {
            error: {
                code: string;
                message: string;
                what_to_do: string;
                field?: string;
                request_id: string;
            };
        };
        "suan.AccountChangeView": {
            sequence?: number | string;
            time_us?: number | string;
            block?: number | string;
            index?: number;
            cause?: string;
            side?: string;
            held?: number | string;
            released?: number | string;
            posted?: number | string;
            debits_posted?: number | string;
            credits_posted?: number | string;
            debits_pending?: number | string;
            credits_pending?: number | string;
            transfer?: components["schemas"]["suan.TransferView"];
        };
        "suan.AccountHistory": {
            changes?: components["schemas"]["suan.AccountChangeView"][];
            next_cursor?: string;
        };
        "suan.AccountList": {
            accounts?: components["schemas"]["suan.AccountView"][];
            next_cursor?: string;
        };
        "suan.AccountRequest": {
            id?: string;
            unit?: number;
            code?: number;
            debits_must_not_exceed_credits?: boolean;
            credits_must_not_exceed_debits?: boolean;
        };
        "suan.AccountView": {
            id?: string;
            unit?: number;
            code?: number;
            debits_must_not_exceed_credits?: boolean;
            credits_must_not_exceed_debits?: boolean;
            closed?: boolean;
            debits_posted?: number | string;
            credits_posted?: number | string;
            debits_pending?: number | string;
            credits_pending?: number | string;
            opened_us?: number | string;
            keys?: number[];
            contract?: number;
        };
        "suan.AccountsAnswer": {
            results?: components["schemas"]["suan.ItemResult"][];
            created?: number;
            refused?: number;
        };
        "suan.AccountsRequest": {
            accounts?: components["schemas"]["suan.AccountRequest"][];
        };
        "suan.Actor": {
            member_id?: number;
            org_id?: number;
            /** @enum {string} */
            role?: "unspecified" | "operator" | "admin" | "member" | "auditor";
        };
        "suan.AddNodes": {
            pool_id?: number;
            nodes?: components["schemas"]["suan.NodeSpec"][];
        };
        "suan.AddNodesRequest": {
            nodes?: components["schemas"]["suan.NodeSpec"][];
        };
        "suan.AppFieldValue": {
            name?: string;
            text?: string;
            files?: components["schemas"]["suan.AppInputFile"][];
        };
        "suan.AppForm": {
            values?: components["schemas"]["suan.AppFieldValue"][];
        };
        "suan.AppInputFile": {
            name?: string;
            content?: string;
        };
        "suan.ArraySpec": {
            indices?: number[];
            running_max?: number;
        };
        "suan.AttachRequest": {
            contract?: number;
        };
        "suan.BalanceView": {
            account?: string;
            at_us?: number | string;
            debits_posted?: number | string;
            credits_posted?: number | string;
            debits_pending?: number | string;
            credits_pending?: number | string;
        };
        "suan.BidChanged": {
            job_id?: number | string;
            holds?: components["schemas"]["suan.Payment"][];
        };
        "suan.BidRequest": {
            bid_micro_yuan?: number | string;
        };
        "suan.BlockList": {
            blocks?: components["schemas"]["suan.BlockView"][];
            next_cursor?: string;
        };
        "suan.BlockView": {
            number?: number | string;
            first_seq?: number | string;
            last_seq?: number | string;
            time_us?: number | string;
            previous_sm3?: string;
            merkle_root?: string;
            state_digest?: string;
            operator_key_sm3?: string;
            signature?: string;
            sm3?: string;
            header?: string;
            witnesses?: number;
            cosignatures?: components["schemas"]["suan.CosignatureView"][];
        };
        "suan.BudgetChanged": {
            delta_micro_yuan?: number | string;
        };
        "suan.BudgetList": {
            budgets?: components["schemas"]["suan.BudgetView"][];
            next_cursor?: string;
        };
        "suan.BudgetRequest": {
            org?: string;
            project?: string;
            micro_yuan?: number | string;
            remove?: boolean;
        };
        "suan.BudgetView": {
            org_id?: number;
            org?: string;
            project_id?: number;
            project?: string;
            granted_micro_yuan?: number | string;
            charged_micro_yuan?: number | string;
            held_micro_yuan?: number | string;
            left_micro_yuan?: number | string;
        };
        "suan.CancelJob": {
            job_id?: number | string;
            whole_array?: boolean;
            reason?: string;
        };
        "suan.CancelRequest": {
            whole_array?: boolean;
            reason?: string;
        };
        "suan.ChangeAccepted": {
            seq?: number | string;
            entry_sm3?: string;
            id?: number | string;
            name?: string;
            token?: string;
            already_done?: boolean;
        };
        "suan.ChangeBid": {
            job_id?: number | string;
            micro_yuan?: number | string;
        };
        "suan.ChangeMember": {
            member_id?: number;
            token_sm3?: string;
            disabled?: boolean;
        };
        "suan.ChangeRules": {
            name?: string;
            file_sm3?: string;
            effective_us?: number | string;
            pools?: components["schemas"]["suan.SetPoolRules"][];
            shares?: components["schemas"]["suan.SetShare"][];
            prices?: components["schemas"]["suan.PriceLine"][];
        };
        "suan.ChargeList": {
            charges?: components["schemas"]["suan.ChargeView"][];
            next_cursor?: string;
        };
        "suan.ChargeView": {
            number?: number | string;
            seq?: number | string;
            org_id?: number;
            org?: string;
            project_id?: number;
            project?: string;
            job_id?: number | string;
            lease_id?: number | string;
            pool_id?: number;
            pool?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            price_sheet_id?: number;
            price_line?: number;
            from_us?: number | string;
            to_us?: number | string;
            milli_device_ms?: number | string;
            micro_yuan?: number | string;
            credited_micro_yuan?: number | string;
            payments?: components["schemas"]["suan.PaymentView"][];
            /** @enum {string} */
            kind?: "unspecified" | "compute" | "storage" | "network" | "service";
            /** @enum {string} */
            service?: "unspecified" | "ledger_transfers" | "ledger_time";
            ledger_id?: number;
            ledger?: string;
            quantity?: number | string;
        };
        "suan.CloseInvoice": {
            org_id?: number;
            to_us?: number | string;
        };
        "suan.CloseLedger": {
            ledger_id?: number;
        };
        "suan.Command": {
            tick?: components["schemas"]["suan.Tick"];
            submit_job?: components["schemas"]["suan.SubmitJob"];
            cancel_job?: components["schemas"]["suan.CancelJob"];
            hold_job?: components["schemas"]["suan.HoldJob"];
            release_job?: components["schemas"]["suan.ReleaseJob"];
            lease_report?: components["schemas"]["suan.LeaseReport"];
            define_pool?: components["schemas"]["suan.DefinePool"];
            add_nodes?: components["schemas"]["suan.AddNodes"];
            set_node_state?: components["schemas"]["suan.SetNodeState"];
            set_pool_rules?: components["schemas"]["suan.SetPoolRules"];
            create_org?: components["schemas"]["suan.CreateOrg"];
            create_project?: components["schemas"]["suan.CreateProject"];
            create_member?: components["schemas"]["suan.CreateMember"];
            change_member?: components["schemas"]["suan.ChangeMember"];
            set_share?: components["schemas"]["suan.SetShare"];
            publish_price_sheet?: components["schemas"]["suan.PublishPriceSheet"];
            fund_org?: components["schemas"]["suan.FundOrg"];
            set_budget?: components["schemas"]["suan.SetBudget"];
            issue_voucher?: components["schemas"]["suan.IssueVoucher"];
            correct?: components["schemas"]["suan.Correct"];
            close_invoice?: components["schemas"]["suan.CloseInvoice"];
            open_ledger?: components["schemas"]["suan.OpenLedger"];
            close_ledger?: components["schemas"]["suan.CloseLedger"];
            meter_ledgers?: components["schemas"]["suan.MeterLedgers"];
            register_witness?: components["schemas"]["suan.RegisterWitness"];
            remove_witness?: components["schemas"]["suan.RemoveWitness"];
            offer_quote?: components["schemas"]["suan.OfferQuote"];
            change_rules?: components["schemas"]["suan.ChangeRules"];
            change_bid?: components["schemas"]["suan.ChangeBid"];
            idempotency_key?: string;
            request_sm3?: string;
        };
        "suan.ContractList": {
            contracts?: components["schemas"]["suan.ContractView"][];
            next_cursor?: string;
        };
        "suan.ContractRequest": {
            text?: string;
        };
        "suan.ContractView": {
            number?: number;
            text?: string;
        };
        "suan.Correct": {
            org_id?: number;
            micro_yuan?: number | string;
            reason?: string;
            refers_to_seq?: number | string;
        };
        "suan.Corrected": {
            correction_id?: number | string;
        };
        "suan.CorrectionRequest": {
            org?: string;
            micro_yuan?: number | string;
            reason?: string;
            refers_to_seq?: number | string;
        };
        "suan.CosignAccepted": {
            stored?: number;
            last_block?: number | string;
        };
        "suan.CosignRequest": {
            public_key?: string;
            cosignatures?: components["schemas"]["suan.Cosignature"][];
        };
        "suan.Cosignature": {
            block?: number | string;
            signature?: string;
        };
        "suan.CosignatureView": {
            public_key_sm3?: string;
            signature?: string;
            public_key?: string;
        };
        "suan.CreateMember": {
            org_id?: number;
            name?: string;
            /** @enum {string} */
            role?: "unspecified" | "operator" | "admin" | "member" | "auditor";
            token_sm3?: string;
        };
        "suan.CreateOrg": {
            name?: string;
            title?: string;
        };
        "suan.CreateProject": {
            org_id?: number;
            name?: string;
            weight?: number;
        };
        "suan.DefinePool": {
            pool?: components["schemas"]["suan.PoolSpec"];
        };
        "suan.DefragMoveView": {
            job_id?: number | string;
            org?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            tasks?: number;
            milli_devices?: number | string;
            from?: components["schemas"]["suan.SlotView"][];
            to?: components["schemas"]["suan.SlotView"][];
            since_checkpoint_ms?: number | string;
            lost_milli_device_ms?: number | string;
            lost_micro_yuan?: number | string;
        };
        "suan.DefragView": {
            pool?: string;
            at_us?: number | string;
            tasks?: number;
            devices_per_task?: number;
            /** @enum {string} */
            topology?: "unspecified" | "any" | "one_rack" | "one_node";
            fits_now?: number;
            fits_after?: number;
            outcome?: string;
            moves?: components["schemas"]["suan.DefragMoveView"][];
            lost_milli_device_ms?: number | string;
            lost_micro_yuan?: number | string;
            gang?: components["schemas"]["suan.SlotView"][];
            summary?: string;
        };
        "suan.Dependency": {
            job_id?: number | string;
            /** @enum {string} */
            kind?: "unspecified" | "afterok" | "afternotok" | "afterany";
        };
        "suan.DependencyRequest": {
            job_id?: number | string;
            label?: string;
            /** @enum {string} */
            kind?: "unspecified" | "afterok" | "afternotok" | "afterany";
        };
        "suan.DependencyView": {
            job_id?: number | string;
            /** @enum {string} */
            kind?: "unspecified" | "afterok" | "afternotok" | "afterany";
            met?: boolean;
        };
        "suan.ElasticView": {
            tasks?: number;
            tasks_min?: number;
            tasks_max?: number;
            grows_to?: number;
            code?: string;
            message?: string;
        };
        "suan.Entry": {
            seq?: number | string;
            time_us?: number | string;
            rules_version?: number;
            actor?: components["schemas"]["suan.Actor"];
            command?: components["schemas"]["suan.Command"];
            events?: components["schemas"]["suan.Event"][];
            salt?: string;
        };
        "suan.EntryList": {
            entries?: components["schemas"]["suan.EntryView"][];
            next_cursor?: string;
        };
        "suan.EntryView": {
            seq?: number | string;
            time_us?: number | string;
            kind?: string;
            member_id?: number;
            member?: string;
            org?: string;
            entry?: components["schemas"]["suan.Entry"];
            sm3?: string;
            bytes?: string;
        };
        "suan.EnvironmentVariable": {
            name?: string;
            value?: string;
        };
        "suan.ErrorBody": {
            code?: string;
            message?: string;
            what_to_do?: string;
            field?: string;
            request_id?: string;
        };
        "suan.Event": {
            time_advanced?: components["schemas"]["suan.TimeAdvanced"];
            job_admitted?: components["schemas"]["suan.JobAdmitted"];
            job_eligible?: components["schemas"]["suan.JobEligible"];
            job_started?: components["schemas"]["suan.JobStarted"];
            lease_stopping?: components["schemas"]["suan.LeaseStopping"];
            lease_ended?: components["schemas"]["suan.LeaseEnded"];
            lease_charged?: components["schemas"]["suan.LeaseCharged"];
            job_requeued?: components["schemas"]["suan.JobRequeued"];
            job_ended?: components["schemas"]["suan.JobEnded"];
            job_held?: components["schemas"]["suan.JobHeld"];
            job_released?: components["schemas"]["suan.JobReleased"];
            job_reserved?: components["schemas"]["suan.JobReserved"];
            job_unreserved?: components["schemas"]["suan.JobUnreserved"];
            lease_progress?: components["schemas"]["suan.LeaseProgress"];
            job_funded?: components["schemas"]["suan.JobFunded"];
            lease_running?: components["schemas"]["suan.LeaseRunning"];
            job_unfunded?: components["schemas"]["suan.JobUnfunded"];
            pool_defined?: components["schemas"]["suan.PoolDefined"];
            nodes_added?: components["schemas"]["suan.NodesAdded"];
            node_state_changed?: components["schemas"]["suan.NodeStateChanged"];
            pool_rules_changed?: components["schemas"]["suan.PoolRulesChanged"];
            org_created?: components["schemas"]["suan.OrgCreated"];
            project_created?: components["schemas"]["suan.ProjectCreated"];
            member_created?: components["schemas"]["suan.MemberCreated"];
            member_changed?: components["schemas"]["suan.MemberChanged"];
            share_changed?: components["schemas"]["suan.ShareChanged"];
            price_sheet_published?: components["schemas"]["suan.PriceSheetPublished"];
            org_funded?: components["schemas"]["suan.OrgFunded"];
            budget_changed?: components["schemas"]["suan.BudgetChanged"];
            voucher_issued?: components["schemas"]["suan.VoucherIssued"];
            voucher_expired?: components["schemas"]["suan.VoucherExpired"];
            corrected?: components["schemas"]["suan.Corrected"];
            invoice_issued?: components["schemas"]["suan.InvoiceIssued"];
            ledger_opened?: components["schemas"]["suan.LedgerOpened"];
            ledger_closing?: components["schemas"]["suan.LedgerClosing"];
            ledger_closed?: components["schemas"]["suan.LedgerClosed"];
            ledger_held?: components["schemas"]["suan.LedgerHeld"];
            ledger_charged?: components["schemas"]["suan.LedgerCharged"];
            ledgers_anchored?: components["schemas"]["suan.LedgersAnchored"];
            witness_registered?: components["schemas"]["suan.WitnessRegistered"];
            witness_removed?: components["schemas"]["suan.WitnessRemoved"];
            quote_offered?: components["schemas"]["suan.QuoteOffered"];
            quote_ended?: components["schemas"]["suan.QuoteEnded"];
            rules_scheduled?: components["schemas"]["suan.RulesScheduled"];
            rules_took_effect?: components["schemas"]["suan.RulesTookEffect"];
            rules_withdrawn?: components["schemas"]["suan.RulesWithdrawn"];
            spot_cleared?: components["schemas"]["suan.SpotCleared"];
            spot_closed?: components["schemas"]["suan.SpotClosed"];
            job_outbid?: components["schemas"]["suan.JobOutbid"];
            lease_priced?: components["schemas"]["suan.LeasePriced"];
            bid_changed?: components["schemas"]["suan.BidChanged"];
            job_relaxed?: components["schemas"]["suan.JobRelaxed"];
        };
        "suan.ForecastStatsView": {
            time_us?: number | string;
            made_us?: number | string;
            took_ms?: number | string;
            jobs_forecast?: number | string;
            scored?: number | string;
            in_window?: number | string;
            by_p50?: number | string;
            by_p90?: number | string;
            coverage_permille?: number | string;
            width_p50_ms?: number | string;
            wait_p50_ms?: number | string;
            run_times?: number | string;
            quotes_open?: number | string;
        };
        "suan.ForecastView": {
            made_us?: number | string;
            start_p10_us?: number | string;
            start_p50_us?: number | string;
            start_p90_us?: number | string;
            run_p50_ms?: number | string;
            run_p90_ms?: number | string;
            cost_p50_micro_yuan?: number | string;
            cost_p90_micro_yuan?: number | string;
            cost_max_micro_yuan?: number | string;
            basis?: string;
            samples?: number | string;
            age_ms?: number | string;
        };
        "suan.FundOrg": {
            org_id?: number;
            micro_yuan?: number | string;
            note?: string;
        };
        "suan.FundRequest": {
            org?: string;
            micro_yuan?: number | string;
            note?: string;
        };
        "suan.GrantRequest": {
            key?: number;
        };
        "suan.HealthView": {
            status?: string;
            version?: string;
        };
        "suan.HelpView": {
            change?: string;
            outcome?: string;
            kind?: string;
            who?: string;
            start_us?: number | string;
            starts_now?: boolean;
            tasks?: number;
            devices_per_task?: number;
            /** @enum {string} */
            topology?: "unspecified" | "any" | "one_rack" | "one_node";
            walltime_ms?: number | string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            pool?: string;
            amount?: number | string;
            nodes?: number;
            racks?: number;
        };
        "suan.HoldJob": {
            job_id?: number | string;
        };
        "suan.InvoiceIssued": {
            invoice_id?: number | string;
            from_us?: number | string;
            to_us?: number | string;
            lines?: components["schemas"]["suan.InvoiceLine"][];
            payments?: components["schemas"]["suan.Payment"][];
            corrections_micro_yuan?: number | string;
        };
        "suan.InvoiceLine": {
            project_id?: number;
            pool_id?: number;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            /** @enum {string} */
            kind?: "unspecified" | "compute" | "storage" | "network" | "service";
            price_sheet_id?: number;
            price_line?: number;
            milli_device_ms?: number | string;
            micro_yuan?: number | string;
            credited_micro_yuan?: number | string;
            /** @enum {string} */
            service?: "unspecified" | "ledger_transfers" | "ledger_time";
            quantity?: number | string;
        };
        "suan.InvoiceLineView": {
            project_id?: number;
            project?: string;
            pool_id?: number;
            pool?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            /** @enum {string} */
            kind?: "unspecified" | "compute" | "storage" | "network" | "service";
            price_sheet_id?: number;
            price_sheet?: string;
            price_line?: number;
            price_micro_yuan_per_device_hour?: number | string;
            milli_device_ms?: number | string;
            micro_yuan?: number | string;
            credited_micro_yuan?: number | string;
            /** @enum {string} */
            service?: "unspecified" | "ledger_transfers" | "ledger_time";
            quantity?: number | string;
            price_micro_yuan_per_unit?: number | string;
        };
        "suan.InvoiceList": {
            invoices?: components["schemas"]["suan.InvoiceView"][];
            next_cursor?: string;
        };
        "suan.InvoiceRequest": {
            org?: string;
            to_us?: number | string;
        };
        "suan.InvoiceView": {
            id?: number | string;
            seq?: number | string;
            org_id?: number;
            org?: string;
            from_us?: number | string;
            to_us?: number | string;
            issued_us?: number | string;
            total_micro_yuan?: number | string;
            corrections_micro_yuan?: number | string;
            lines?: components["schemas"]["suan.InvoiceLineView"][];
            payments?: components["schemas"]["suan.PaymentView"][];
        };
        "suan.IssueVoucher": {
            org_id?: number;
            funder?: string;
            micro_yuan?: number | string;
            expires_us?: number | string;
            pool_ids?: number[];
            job_cap_micro_yuan?: number | string;
            contract?: string;
        };
        "suan.ItemResult": {
            id?: string;
            code?: string;
            message?: string;
        };
        "suan.JobAccepted": {
            id?: number | string;
            count?: number;
            seq?: number | string;
            entry_sm3?: string;
            already_done?: boolean;
        };
        "suan.JobAdmitted": {
            job_id?: number | string;
            array_id?: number | string;
            array_index?: number;
            price_sheet_id?: number;
            price_line?: number;
            micro_yuan_per_device_hour?: number | string;
            holds?: components["schemas"]["suan.Payment"][];
            eligible?: boolean;
        };
        "suan.JobBatchRequest": {
            jobs?: components["schemas"]["suan.JobRequest"][];
        };
        "suan.JobBatchResponse": {
            results?: components["schemas"]["suan.JobBatchResult"][];
            accepted?: number;
            refused?: number;
        };
        "suan.JobBatchResult": {
            label?: string;
            accepted?: components["schemas"]["suan.JobAccepted"];
            error?: components["schemas"]["suan.ErrorBody"];
        };
        "suan.JobEligible": {
            job_id?: number | string;
        };
        "suan.JobEnded": {
            job_id?: number | string;
            /** @enum {string} */
            state?: "unspecified" | "waiting" | "running" | "stopping" | "completed" | "failed" | "cancelled" | "timeout" | "dependency_failed";
            /** Format: int32 */
            exit_code?: number;
            signal?: number;
            reason?: string;
        };
        "suan.JobFileList": {
            files?: components["schemas"]["suan.JobFileView"][];
            attempt?: number;
            cut?: boolean;
            left_out?: number | string;
        };
        "suan.JobFileView": {
            path?: string;
            bytes?: number | string;
            modified_us?: number | string;
        };
        "suan.JobFunded": {
            job_id?: number | string;
            holds?: components["schemas"]["suan.Payment"][];
            eligible?: boolean;
        };
        "suan.JobHeld": {
            job_id?: number | string;
        };
        "suan.JobList": {
            jobs?: components["schemas"]["suan.JobView"][];
            next_cursor?: string;
        };
        "suan.JobOutbid": {
            job_id?: number | string;
        };
        "suan.JobPayload": {
            script?: string;
            argv?: string[];
            environment?: components["schemas"]["suan.EnvironmentVariable"][];
            working_dir?: string;
            stdout_pattern?: string;
            stderr_pattern?: string;
            /** @enum {string} */
            launcher?: "unspecified" | "first_node" | "process_per_task";
            cpus_per_task?: number;
            memory_bytes?: number | string;
            sim_duration_ms?: number | string;
            /** Format: int32 */
            sim_exit_code?: number;
        };
        "suan.JobPayloadView": {
            id?: number | string;
            payload?: components["schemas"]["suan.JobPayload"];
        };
        "suan.JobRelaxed": {
            job_id?: number | string;
        };
        "suan.JobReleased": {
            job_id?: number | string;
            eligible?: boolean;
        };
        "suan.JobRequest": {
            org?: string;
            project?: string;
            pool?: string;
            name?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            tasks?: number;
            tasks_min?: number;
            devices_per_task?: number;
            milli_per_device?: number;
            /** @enum {string} */
            topology?: "unspecified" | "any" | "one_rack" | "one_node";
            walltime_ms?: number | string;
            /** Format: int32 */
            priority?: number;
            after?: components["schemas"]["suan.DependencyRequest"][];
            retries?: number;
            checkpoint_interval_ms?: number | string;
            begin_time_us?: number | string;
            held?: boolean;
            grace_ms?: number;
            bid_micro_yuan?: number | string;
            array?: components["schemas"]["suan.ArraySpec"];
            label?: string;
            idempotency_key?: string;
            topology_wait_ms?: number | string;
            member?: string;
            quote_id?: number | string;
            script?: string;
            argv?: string[];
            environment?: components["schemas"]["suan.EnvironmentVariable"][];
            working_dir?: string;
            stdout_pattern?: string;
            stderr_pattern?: string;
            /** @enum {string} */
            launcher?: "unspecified" | "first_node" | "process_per_task";
            cpus_per_task?: number;
            memory_bytes?: number | string;
            sim_duration_ms?: number | string;
            /** Format: int32 */
            sim_exit_code?: number;
        };
        "suan.JobRequeued": {
            job_id?: number | string;
            own_failure?: boolean;
            holds?: components["schemas"]["suan.Payment"][];
            funded?: boolean;
            eligible?: boolean;
        };
        "suan.JobReserved": {
            job_id?: number | string;
            start_us?: number | string;
            slots?: components["schemas"]["suan.Slot"][];
        };
        "suan.JobSpec": {
            name?: string;
            pool_id?: number;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            tasks?: number;
            tasks_min?: number;
            devices_per_task?: number;
            milli_per_device?: number;
            /** @enum {string} */
            topology?: "unspecified" | "any" | "one_rack" | "one_node";
            walltime_ms?: number | string;
            /** Format: int32 */
            priority?: number;
            dependencies?: components["schemas"]["suan.Dependency"][];
            retries?: number;
            checkpoint_interval_ms?: number | string;
            begin_time_us?: number | string;
            held?: boolean;
            grace_ms?: number;
            payload_sm3?: string;
            bid_micro_yuan?: number | string;
            topology_wait_ms?: number | string;
        };
        "suan.JobStarted": {
            job_id?: number | string;
            lease_id?: number | string;
            attempt?: number;
            tasks?: number;
            slots?: components["schemas"]["suan.Slot"][];
            micro_yuan_per_device_hour?: number | string;
            ends_by_us?: number | string;
        };
        "suan.JobUnfunded": {
            job_id?: number | string;
        };
        "suan.JobUnreserved": {
            job_id?: number | string;
        };
        "suan.JobView": {
            id?: number | string;
            array_id?: number | string;
            array_index?: number;
            name?: string;
            org?: string;
            org_id?: number;
            project?: string;
            project_id?: number;
            member?: string;
            member_id?: number;
            pool?: string;
            pool_id?: number;
            /** @enum {string} */
            state?: "unspecified" | "waiting" | "running" | "stopping" | "completed" | "failed" | "cancelled" | "timeout" | "dependency_failed";
            reason?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            /** Format: int32 */
            priority?: number;
            tasks?: number;
            tasks_min?: number;
            tasks_max?: number;
            devices_per_task?: number;
            milli_per_device?: number;
            /** @enum {string} */
            topology?: "unspecified" | "any" | "one_rack" | "one_node";
            walltime_ms?: number | string;
            submitted_us?: number | string;
            begin_us?: number | string;
            started_us?: number | string;
            ended_us?: number | string;
            ends_by_us?: number | string;
            nodes?: string[];
            attempts?: number;
            preemptions?: number;
            /** Format: int32 */
            exit_code?: number;
            signal?: number;
            progress_permille?: number;
            price_micro_yuan_per_device_hour?: number | string;
            price_sheet_id?: number;
            price_line?: number;
            held_micro_yuan?: number | string;
            charged_micro_yuan?: number | string;
            milli_device_ms?: number | string;
            held?: boolean;
            has_payload?: boolean;
            retries?: number;
            checkpoint_interval_ms?: number | string;
            bid_micro_yuan?: number | string;
            array_count?: number;
            topology_wait_ms?: number | string;
            relaxes_us?: number | string;
            spread?: components["schemas"]["suan.SpreadView"];
            dependencies?: components["schemas"]["suan.DependencyView"][];
            leases?: components["schemas"]["suan.LeaseView"][];
            reasons?: components["schemas"]["suan.WaitReasonView"][];
            holds?: components["schemas"]["suan.PaymentView"][];
            payload_sm3?: string;
        };
        "suan.JournalList": {
            rows?: components["schemas"]["suan.JournalRowView"][];
            next_cursor?: string;
        };
        "suan.JournalRowView": {
            number?: number | string;
            seq?: number | string;
            time_us?: number | string;
            org_id?: number;
            org?: string;
            kind?: string;
            debit?: string;
            credit?: string;
            micro_yuan?: number | string;
            job_id?: number | string;
            lease_id?: number | string;
            note?: string;
        };
        "suan.LeaseCharged": {
            lease_id?: number | string;
            to_us?: number | string;
            milli_device_ms?: number | string;
            micro_yuan?: number | string;
            payments?: components["schemas"]["suan.Payment"][];
            credited_micro_yuan?: number | string;
            final?: boolean;
        };
        "suan.LeaseEnded": {
            lease_id?: number | string;
            /** @enum {string} */
            outcome?: "unspecified" | "completed" | "failed" | "timeout" | "cancelled" | "preempted" | "node_failed" | "launch_failed" | "lost" | "unfunded" | "resized";
            /** Format: int32 */
            exit_code?: number;
            signal?: number;
        };
        "suan.LeaseList": {
            leases?: components["schemas"]["suan.LeaseView"][];
        };
        "suan.LeasePriced": {
            lease_id?: number | string;
            micro_yuan_per_device_hour?: number | string;
        };
        "suan.LeaseProgress": {
            lease_id?: number | string;
            permille?: number;
            checkpoint?: boolean;
        };
        "suan.LeaseReport": {
            lease_id?: number | string;
            /** @enum {string} */
            kind?: "unspecified" | "started" | "ended" | "checkpointed" | "progress";
            /** @enum {string} */
            outcome?: "unspecified" | "completed" | "failed" | "timeout" | "cancelled" | "preempted" | "node_failed" | "launch_failed" | "lost" | "unfunded" | "resized";
            /** Format: int32 */
            exit_code?: number;
            signal?: number;
            progress_permille?: number;
            message?: string;
        };
        "suan.LeaseRunning": {
            lease_id?: number | string;
        };
        "suan.LeaseStopping": {
            lease_id?: number | string;
            /** @enum {string} */
            reason?: "unspecified" | "cancelled" | "timeout" | "preempted" | "node_failed" | "unfunded" | "resized" | "outbid";
            for_job_id?: number | string;
            slots?: components["schemas"]["suan.Slot"][];
        };
        "suan.LeaseView": {
            id?: number | string;
            job_id?: number | string;
            job_name?: string;
            org?: string;
            attempt?: number;
            tasks?: number;
            slots?: components["schemas"]["suan.SlotView"][];
            started_us?: number | string;
            ended_us?: number | string;
            ends_by_us?: number | string;
            /** @enum {string} */
            outcome?: "unspecified" | "completed" | "failed" | "timeout" | "cancelled" | "preempted" | "node_failed" | "launch_failed" | "lost" | "unfunded" | "resized";
            /** @enum {string} */
            stopping?: "unspecified" | "cancelled" | "timeout" | "preempted" | "node_failed" | "unfunded" | "resized" | "outbid";
            /** Format: int32 */
            exit_code?: number;
            signal?: number;
            charged_micro_yuan?: number | string;
            milli_device_ms?: number | string;
            last_checkpoint_us?: number | string;
            running?: boolean;
        };
        "suan.LedgerAccountList": {
            accounts?: components["schemas"]["suan.LedgerAccountView"][];
            next_cursor?: string;
            books_difference_micro_yuan?: number | string;
        };
        "suan.LedgerAccountView": {
            name?: string;
            debits_posted_micro_yuan?: number | string;
            credits_posted_micro_yuan?: number | string;
            debits_pending_micro_yuan?: number | string;
            credits_pending_micro_yuan?: number | string;
            balance_micro_yuan?: number | string;
            org?: string;
            counts_only?: boolean;
        };
        "suan.LedgerChanged": {
            number?: number;
            already_done?: boolean;
        };
        "suan.LedgerCharged": {
            ledger_id?: number;
            org_id?: number;
            /** @enum {string} */
            service?: "unspecified" | "ledger_transfers" | "ledger_time";
            price_sheet_id?: number;
            price_line?: number;
            quantity?: number | string;
            micro_yuan?: number | string;
            from_us?: number | string;
            to_us?: number | string;
        };
        "suan.LedgerClosed": {
            ledger_id?: number;
            org_id?: number;
        };
        "suan.LedgerClosing": {
            ledger_id?: number;
            org_id?: number;
        };
        "suan.LedgerHeld": {
            ledger_id?: number;
            org_id?: number;
            /** @enum {string} */
            service?: "unspecified" | "ledger_transfers" | "ledger_time";
            price_sheet_id?: number;
            price_line?: number;
            micro_yuan_per_unit?: number | string;
            quantity?: number | string;
            micro_yuan?: number | string;
        };
        "suan.LedgerKeyList": {
            keys?: components["schemas"]["suan.LedgerKeyView"][];
            next_cursor?: string;
        };
        "suan.LedgerKeyRequest": {
            public_key?: string;
        };
        "suan.LedgerKeyView": {
            number?: number;
            public_key?: string;
        };
        "suan.LedgerList": {
            ledgers?: components["schemas"]["suan.LedgerView"][];
            next_cursor?: string;
        };
        "suan.LedgerOpened": {
            ledger_id?: number;
            org_id?: number;
        };
        "suan.LedgerRequest": {
            org?: string;
            name?: string;
        };
        "suan.LedgerUse": {
            ledger_id?: number;
            transfers_total?: number | string;
            transfers_wanted?: number | string;
            last?: boolean;
            changes_total?: number | string;
        };
        "suan.LedgerView": {
            id?: number;
            name?: string;
            org_id?: number;
            org?: string;
            /** @enum {string} */
            state?: "unspecified" | "open" | "closing" | "closed";
            opened_us?: number | string;
            closed_us?: number | string;
            takes_transfers?: boolean;
            transfers?: number | string;
            transfers_allowed?: number | string;
            held_micro_yuan?: number | string;
            charged_micro_yuan?: number | string;
            micro_yuan_per_1000_transfers?: number | string;
            micro_yuan_per_day?: number | string;
            journal_id?: string;
            accounts?: number | string;
            keys?: number | string;
            contracts?: number | string;
        };
        "suan.LedgersAnchored": Record<string, never>;
        "suan.LogHeadView": {
            log_id?: string;
            last_seq?: number | string;
            last_block?: number | string;
            last_block_seq?: number | string;
            last_block_sm3?: string;
            operator_key_sm3?: string;
        };
        "suan.MapLeaseView": {
            id?: number | string;
            job_id?: number | string;
            org?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
        };
        "suan.MapNodeView": {
            id?: number;
            name?: string;
            rack?: number;
            /** @enum {string} */
            state?: "unspecified" | "open" | "draining" | "down";
            reason?: string;
            holders?: number[];
            used_milli?: number[];
        };
        "suan.MapView": {
            time_us?: number | string;
            pool?: string;
            nodes?: components["schemas"]["suan.MapNodeView"][];
            leases?: components["schemas"]["suan.MapLeaseView"][];
        };
        "suan.MemberChanged": Record<string, never>;
        "suan.MemberCreated": {
            member_id?: number;
        };
        "suan.MemberList": {
            members?: components["schemas"]["suan.MemberView"][];
            next_cursor?: string;
        };
        "suan.MemberRequest": {
            org?: string;
            name?: string;
            /** @enum {string} */
            role?: "unspecified" | "operator" | "admin" | "member" | "auditor";
            token_sm3?: string;
        };
        "suan.MemberView": {
            id?: number;
            name?: string;
            org_id?: number;
            org?: string;
            /** @enum {string} */
            role?: "unspecified" | "operator" | "admin" | "member" | "auditor";
            disabled?: boolean;
        };
        "suan.MeterLedgers": {
            journal_id?: string;
            block?: number | string;
            block_sm3?: string;
            uses?: components["schemas"]["suan.LedgerUse"][];
        };
        "suan.NextStartView": {
            job_id?: number | string;
            job_name?: string;
            org?: string;
            pool?: string;
            start_us?: number | string;
            expected_us?: number | string;
            expected_by_us?: number | string;
        };
        "suan.NodeList": {
            nodes?: components["schemas"]["suan.NodeView"][];
            next_cursor?: string;
        };
        "suan.NodeSpec": {
            name?: string;
            rack?: number;
            devices?: number;
        };
        "suan.NodeStateChanged": {
            node_id?: number;
            /** @enum {string} */
            state?: "unspecified" | "open" | "draining" | "down";
        };
        "suan.NodeStateRequest": {
            nodes?: string[];
            /** @enum {string} */
            state?: "unspecified" | "open" | "draining" | "down";
            reason?: string;
        };
        "suan.NodeView": {
            id?: number;
            name?: string;
            pool_id?: number;
            pool?: string;
            rack?: number;
            /** @enum {string} */
            state?: "unspecified" | "open" | "draining" | "down";
            reason?: string;
            devices?: number;
            free_milli?: number | string;
            leases_count?: number;
            leases?: components["schemas"]["suan.LeaseView"][];
        };
        "suan.NodesAdded": {
            first_node_id?: number;
        };
        "suan.OfferQuote": {
            org_id?: number;
            project_id?: number;
            member_id?: number;
            spec?: components["schemas"]["suan.JobSpec"];
            start_by_us?: number | string;
        };
        "suan.OpenLedger": {
            org_id?: number;
            name?: string;
        };
        "suan.OperatorKeyView": {
            pem?: string;
            raw?: string;
            sm3?: string;
        };
        "suan.OrgCreated": {
            org_id?: number;
        };
        "suan.OrgFunded": Record<string, never>;
        "suan.OrgList": {
            orgs?: components["schemas"]["suan.OrgView"][];
            next_cursor?: string;
        };
        "suan.OrgRequest": {
            name?: string;
            title?: string;
        };
        "suan.OrgView": {
            id?: number;
            name?: string;
            title?: string;
            projects?: number;
            members?: number;
            jobs_waiting?: number | string;
            jobs_running?: number | string;
            balance_micro_yuan?: number | string;
            held_micro_yuan?: number | string;
            available_micro_yuan?: number | string;
            vouchers_left_micro_yuan?: number | string;
            budget?: components["schemas"]["suan.BudgetView"];
            shares?: components["schemas"]["suan.ShareView"][];
            unbilled_micro_yuan?: number | string;
            billed_until_us?: number | string;
        };
        "suan.OverviewView": {
            time_us?: number | string;
            pools?: components["schemas"]["suan.PoolUseView"][];
            next_starts?: components["schemas"]["suan.NextStartView"][];
        };
        "suan.Payment": {
            voucher_id?: number;
            micro_yuan?: number | string;
        };
        "suan.PaymentView": {
            voucher_id?: number;
            payer?: string;
            micro_yuan?: number | string;
        };
        "suan.PoolDefined": {
            pool_id?: number;
            first_node_id?: number;
        };
        "suan.PoolList": {
            pools?: components["schemas"]["suan.PoolView"][];
            next_cursor?: string;
        };
        "suan.PoolRequest": {
            pool?: components["schemas"]["suan.PoolSpec"];
        };
        "suan.PoolRules": {
            usage_half_life_ms?: number | string;
            usage_horizon_ms?: number | string;
            min_runtime_ms?: number | string;
            reservations_max?: number;
            order?: string;
            no_backfill?: boolean;
            no_preemption?: boolean;
            walltime_default_ms?: number | string;
            walltime_max_ms?: number | string;
            grace_default_ms?: number;
            meter_interval_ms?: number | string;
            quote_compensation_permille?: number;
            quote_valid_ms?: number | string;
            expected_permille?: number;
            expected_behind_milli?: number;
            ends?: string;
            gang_nodes_min?: number;
            reserve_after_ms?: number | string;
            overdue_after_ms?: number | string;
            reclaim_ratio_milli?: number;
            reclaim_after_ms?: number | string;
            reclaim_within_ms?: number | string;
            stops_max?: number;
            spot_ratio_milli?: number;
            spot_within_ms?: number | string;
            placement?: string;
            resize_within_ms?: number | string;
            spot_period_ms?: number | string;
        };
        "suan.PoolRulesChanged": Record<string, never>;
        "suan.PoolRulesRequest": {
            pool?: string;
            rules?: components["schemas"]["suan.PoolRules"];
        };
        "suan.PoolSpec": {
            name?: string;
            title?: string;
            /** @enum {string} */
            executor?: "unspecified" | "local" | "sim" | "slurm";
            device_type?: string;
            device_gflops?: number | string;
            sharing?: boolean;
            visible_devices_variable?: string;
            rules?: components["schemas"]["suan.PoolRules"];
            nodes?: components["schemas"]["suan.NodeSpec"][];
        };
        "suan.PoolUseView": {
            pool_id?: number;
            pool?: string;
            tiers?: components["schemas"]["suan.TierUseView"][];
        };
        "suan.PoolView": {
            id?: number;
            name?: string;
            title?: string;
            /** @enum {string} */
            executor?: "unspecified" | "local" | "sim" | "slurm";
            device_type?: string;
            device_gflops?: number | string;
            sharing?: boolean;
            visible_devices_variable?: string;
            rules?: components["schemas"]["suan.PoolRules"];
            nodes?: number;
            nodes_open?: number;
            nodes_draining?: number;
            nodes_down?: number;
            devices_milli?: number | string;
            open_milli?: number | string;
            free_milli?: number | string;
            held_milli?: number | string;
            waiting_jobs?: number | string;
            running_leases?: number | string;
        };
        "suan.PriceLine": {
            line?: number;
            pool_id?: number;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            micro_yuan_per_device_hour?: number | string;
            /** @enum {string} */
            service?: "unspecified" | "ledger_transfers" | "ledger_time";
            micro_yuan_per_unit?: number | string;
        };
        "suan.PriceLineRequest": {
            pool?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            micro_yuan_per_device_hour?: number | string;
            /** @enum {string} */
            service?: "unspecified" | "ledger_transfers" | "ledger_time";
            micro_yuan_per_unit?: number | string;
        };
        "suan.PriceLineView": {
            line?: number;
            pool_id?: number;
            pool?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            micro_yuan_per_device_hour?: number | string;
            current?: boolean;
            /** @enum {string} */
            service?: "unspecified" | "ledger_transfers" | "ledger_time";
            micro_yuan_per_unit?: number | string;
        };
        "suan.PriceSheetList": {
            sheets?: components["schemas"]["suan.PriceSheetView"][];
            next_cursor?: string;
        };
        "suan.PriceSheetPublished": {
            price_sheet_id?: number;
        };
        "suan.PriceSheetRequest": {
            name?: string;
            lines?: components["schemas"]["suan.PriceLineRequest"][];
        };
        "suan.PriceSheetView": {
            id?: number;
            name?: string;
            published_us?: number | string;
            lines?: components["schemas"]["suan.PriceLineView"][];
        };
        "suan.ProjectCreated": {
            project_id?: number;
        };
        "suan.ProjectList": {
            projects?: components["schemas"]["suan.ProjectView"][];
            next_cursor?: string;
        };
        "suan.ProjectRequest": {
            org?: string;
            name?: string;
            weight?: number;
        };
        "suan.ProjectView": {
            id?: number;
            name?: string;
            org_id?: number;
            org?: string;
            weight?: number;
            budget?: components["schemas"]["suan.BudgetView"];
        };
        "suan.PublishPriceSheet": {
            name?: string;
            lines?: components["schemas"]["suan.PriceLine"][];
        };
        "suan.QuoteEnded": {
            quote_id?: number | string;
            /** @enum {string} */
            outcome?: "unspecified" | "expired" | "missed" | "void";
            compensation_micro_yuan?: number | string;
            org_id?: number;
            job_id?: number | string;
        };
        "suan.QuoteOffered": {
            quote_id?: number | string;
            price_sheet_id?: number;
            price_line?: number;
            micro_yuan_per_device_hour?: number | string;
            total_micro_yuan?: number | string;
            compensation_micro_yuan?: number | string;
            valid_until_us?: number | string;
        };
        "suan.QuoteRequest": {
            job?: components["schemas"]["suan.JobRequest"];
            binding?: boolean;
        };
        "suan.QuoteView": {
            id?: number | string;
            forecast?: components["schemas"]["suan.ForecastView"];
            price_micro_yuan_per_device_hour?: number | string;
            price_sheet_id?: number;
            price_line?: number;
            start_by_us?: number | string;
            compensation_micro_yuan?: number | string;
            valid_until_us?: number | string;
            seq?: number | string;
            entry_sm3?: string;
            summary?: string;
        };
        "suan.ReceiptView": {
            seq?: number | string;
            entry_sm3?: string;
            path?: string[];
            block?: components["schemas"]["suan.BlockView"];
            receipt?: string;
        };
        "suan.RegisterWitness": {
            name?: string;
            title?: string;
            public_key?: string;
        };
        "suan.ReleaseJob": {
            job_id?: number | string;
        };
        "suan.RemoveWitness": {
            witness_id?: number;
            reason?: string;
        };
        "suan.RemoveWitnessRequest": {
            reason?: string;
        };
        "suan.RepricedLineView": {
            pool?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            /** @enum {string} */
            service?: "unspecified" | "ledger_transfers" | "ledger_time";
            charges?: number | string;
            was_micro_yuan?: number | string;
            would_be_micro_yuan?: number | string;
        };
        "suan.RepricedOrgView": {
            org?: string;
            charges?: number | string;
            was_micro_yuan?: number | string;
            would_be_micro_yuan?: number | string;
        };
        "suan.RepricingRequest": {
            lines?: components["schemas"]["suan.PriceLineRequest"][];
            from_us?: number | string;
            until_us?: number | string;
        };
        "suan.RepricingView": {
            from_us?: number | string;
            until_us?: number | string;
            charges?: number | string;
            was_micro_yuan?: number | string;
            would_be_micro_yuan?: number | string;
            kept_micro_yuan?: number | string;
            lines?: components["schemas"]["suan.RepricedLineView"][];
            orgs?: components["schemas"]["suan.RepricedOrgView"][];
        };
        "suan.RulesList": {
            rules?: components["schemas"]["suan.RulesView"][];
            next_cursor?: string;
        };
        "suan.RulesRequest": {
            name?: string;
            file_sm3?: string;
            effective_us?: number | string;
            pools?: components["schemas"]["suan.PoolRulesRequest"][];
            shares?: components["schemas"]["suan.ShareRequest"][];
            prices?: components["schemas"]["suan.PriceLineRequest"][];
        };
        "suan.RulesScheduled": {
            rules_id?: number;
        };
        "suan.RulesTookEffect": {
            rules_id?: number;
            price_sheet_id?: number;
            prices?: components["schemas"]["suan.PriceLine"][];
        };
        "suan.RulesView": {
            id?: number;
            name?: string;
            file_sm3?: string;
            scheduled_us?: number | string;
            effective_us?: number | string;
            state?: string;
            pools?: number;
            shares?: number;
            prices?: number;
        };
        "suan.RulesWithdrawn": {
            rules_id?: number;
            reason?: string;
        };
        "suan.SessionEnded": {
            was_open?: boolean;
        };
        "suan.SessionRequest": {
            token?: string;
            code?: string;
        };
        "suan.SessionView": {
            member_id?: number;
            member?: string;
            /** @enum {string} */
            role?: "unspecified" | "operator" | "admin" | "member" | "auditor";
            org?: string;
            expires_us?: number | string;
        };
        "suan.SetBudget": {
            org_id?: number;
            project_id?: number;
            micro_yuan?: number | string;
            remove?: boolean;
        };
        "suan.SetNodeState": {
            node_ids?: number[];
            /** @enum {string} */
            state?: "unspecified" | "open" | "draining" | "down";
            reason?: string;
        };
        "suan.SetPoolRules": {
            pool_id?: number;
            rules?: components["schemas"]["suan.PoolRules"];
        };
        "suan.SetShare": {
            org_id?: number;
            pool_id?: number;
            deserved_milli?: number | string;
            weight?: number;
            limit_milli?: number | string;
        };
        "suan.ShareChanged": Record<string, never>;
        "suan.ShareList": {
            shares?: components["schemas"]["suan.ShareView"][];
            next_cursor?: string;
        };
        "suan.ShareRequest": {
            org?: string;
            pool?: string;
            deserved_milli?: number | string;
            weight?: number;
            limit_milli?: number | string;
        };
        "suan.ShareView": {
            org_id?: number;
            org?: string;
            pool_id?: number;
            pool?: string;
            deserved_milli?: number | string;
            weight?: number;
            limit_milli?: number | string;
            held_milli?: number | string;
            waiting_jobs?: number | string;
        };
        "suan.SignInCode": {
            code?: string;
            expires_us?: number | string;
            path?: string;
        };
        "suan.Slot": {
            node_id?: number;
            tasks?: number;
            device_mask?: number | string;
        };
        "suan.SlotView": {
            node?: string;
            node_id?: number;
            tasks?: number;
            devices?: number[];
        };
        "suan.SpotCleared": {
            pool_id?: number;
            micro_yuan_per_device_hour?: number | string;
            floor_micro_yuan?: number | string;
            offered_milli?: number | string;
            sold_milli?: number | string;
            bids?: number;
            won?: number;
        };
        "suan.SpotClearingView": {
            time_us?: number | string;
            micro_yuan_per_device_hour?: number | string;
            floor_micro_yuan?: number | string;
            offered_milli?: number | string;
            sold_milli?: number | string;
            bids?: number;
            won?: number;
            seq?: number | string;
        };
        "suan.SpotClosed": {
            pool_id?: number;
        };
        "suan.SpotHistoryView": {
            spot?: components["schemas"]["suan.SpotView"];
            clearings?: components["schemas"]["suan.SpotClearingView"][];
        };
        "suan.SpotView": {
            pool_id?: number;
            pool?: string;
            open?: boolean;
            micro_yuan_per_device_hour?: number | string;
            floor_micro_yuan?: number | string;
            period_ms?: number | string;
            next_us?: number | string;
            clearings?: number | string;
            last?: components["schemas"]["suan.SpotClearingView"];
        };
        "suan.SpreadView": {
            nodes?: number;
            racks?: number;
            nodes_least?: number;
            racks_least?: number;
        };
        "suan.StatsView": {
            time_us?: number | string;
            seq?: number | string;
            jobs_waiting?: number | string;
            jobs_running?: number | string;
            orgs?: number | string;
            members?: number | string;
            projects?: number | string;
            nodes?: number | string;
            devices_milli?: number | string;
            free_milli?: number | string;
            held_milli?: number | string;
            charged_micro_yuan?: number | string;
            held_micro_yuan?: number | string;
            requests_queued?: number | string;
            entries_per_commit?: number | string;
        };
        "suan.SubmitJob": {
            org_id?: number;
            project_id?: number;
            member_id?: number;
            spec?: components["schemas"]["suan.JobSpec"];
            array?: components["schemas"]["suan.ArraySpec"];
            idempotency_key?: string;
            request_sm3?: string;
            quote_id?: number | string;
        };
        "suan.Tick": Record<string, never>;
        "suan.TierUseView": {
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            held_milli?: number | string;
            leases?: number | string;
        };
        "suan.TimeAdvanced": Record<string, never>;
        "suan.TransferProofView": {
            block?: number | string;
            index?: number;
            block_sm3?: string;
            time_us?: number | string;
            code?: string;
            transfer?: components["schemas"]["suan.TransferView"];
            operator_key_sm3?: string;
            proof?: string;
        };
        "suan.TransferRequest": {
            id?: string;
            debit?: string;
            credit?: string;
            amount?: number | string;
            unit?: number;
            code?: number;
            /** @enum {string} */
            kind?: "unspecified" | "plain" | "hold" | "post" | "void";
            pending?: string;
            linked?: boolean;
            timeout_us?: number | string;
            user_data_128?: string;
            user_data_64?: number | string;
            user_data_32?: number;
        };
        "suan.TransferView": {
            id?: string;
            debit?: string;
            credit?: string;
            amount?: number | string;
            unit?: number;
            code?: number;
            /** @enum {string} */
            kind?: "unspecified" | "plain" | "hold" | "post" | "void";
            pending?: string;
            timeout_us?: number | string;
            user_data_128?: string;
            user_data_64?: number | string;
            user_data_32?: number;
            time_us?: number | string;
            state?: string;
        };
        "suan.TransfersAnswer": {
            block?: number | string;
            time_us?: number | string;
            created?: number;
            refused?: number;
            results?: components["schemas"]["suan.ItemResult"][];
        };
        "suan.TransfersRequest": {
            transfers?: components["schemas"]["suan.TransferRequest"][];
        };
        "suan.UsageSeries": {
            pool?: string;
            /** @enum {string} */
            tier?: "unspecified" | "reserved" | "standard" | "spot";
            milli_device_ms?: (number | string)[];
            micro_yuan?: (number | string)[];
        };
        "suan.UsageView": {
            from_us?: number | string;
            step_ms?: number | string;
            steps?: number;
            series?: components["schemas"]["suan.UsageSeries"][];
        };
        "suan.VoucherExpired": {
            voucher_id?: number;
            returned_micro_yuan?: number | string;
        };
        "suan.VoucherIssued": {
            voucher_id?: number;
        };
        "suan.VoucherList": {
            vouchers?: components["schemas"]["suan.VoucherView"][];
            next_cursor?: string;
        };
        "suan.VoucherRequest": {
            org?: string;
            funder?: string;
            micro_yuan?: number | string;
            expires_us?: number | string;
            pools?: string[];
            job_cap_micro_yuan?: number | string;
            contract?: string;
        };
        "suan.VoucherView": {
            id?: number;
            org_id?: number;
            org?: string;
            funder?: string;
            contract?: string;
            amount_micro_yuan?: number | string;
            spent_micro_yuan?: number | string;
            held_micro_yuan?: number | string;
            left_micro_yuan?: number | string;
            expires_us?: number | string;
            expired?: boolean;
            pools?: string[];
            job_cap_micro_yuan?: number | string;
            rules?: string;
        };
        "suan.WaitReasonView": {
            code?: string;
            message?: string;
            needed?: number | string;
            available?: number | string;
            limit?: number | string;
            other?: number | string;
        };
        "suan.WaitSpanView": {
            from_us?: number | string;
            to_us?: number | string;
            code?: string;
            message?: string;
        };
        "suan.WhoamiView": {
            member_id?: number;
            member?: string;
            /** @enum {string} */
            role?: "unspecified" | "operator" | "admin" | "member" | "auditor";
            org_id?: number;
            org?: string;
        };
        "suan.WhyView": {
            id?: number | string;
            /** @enum {string} */
            state?: "unspecified" | "waiting" | "running" | "stopping" | "completed" | "failed" | "cancelled" | "timeout" | "dependency_failed";
            reasons?: components["schemas"]["suan.WaitReasonView"][];
            reserved_start_us?: number | string;
            summary?: string;
            helps?: components["schemas"]["suan.HelpView"][];
            forecast?: components["schemas"]["suan.ForecastView"];
            history?: components["schemas"]["suan.WaitSpanView"][];
            elastic?: components["schemas"]["suan.ElasticView"];
        };
        "suan.WitnessList": {
            witnesses?: components["schemas"]["suan.WitnessView"][];
            next_cursor?: string;
        };
        "suan.WitnessRegistered": {
            witness_id?: number;
        };
        "suan.WitnessRemoved": Record<string, never>;
        "suan.WitnessRequest": {
            name?: string;
            title?: string;
            public_key?: string;
        };
        "suan.WitnessView": {
            id?: number;
            name?: string;
            title?: string;
            public_key?: string;
            public_key_sm3?: string;
            from_seq?: number | string;
            registered_us?: number | string;
            until_seq?: number | string;
            removed_us?: number | string;
            reason?: string;
            last_block?: number | string;
            lag_blocks?: number | string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
