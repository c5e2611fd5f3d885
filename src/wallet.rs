//! The wallet: an account's credit and debt, and the double-entry books behind them.
//!
//! Nothing else changes a balance, and no balance changes without a posting. Postings are kept until
//! [`Wallet::take_postings`] hands them on, but for those of usage, which [`Wallet::settle`] returns.

use crate::money::Money;
use crate::time::Time;
use smallvec::SmallVec;

/// An account of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum LedgerAccount {
    /// Money received (asset).
    Cash,
    /// Owed by the customer (asset).
    Receivable,
    /// Paid credit, owed to the customer (liability).
    CustomerCredit,
    /// Usage at list price (income).
    Revenue,
    /// Usage that promotional credit paid (contra-revenue).
    Promotion,
    /// Paid credit that lapsed (income).
    Breakage,
    /// Fees (expense).
    Fees,
    /// Money returned in disputes, net of credit taken back (expense).
    Disputes,
    /// Receivables written off (expense).
    BadDebt,
}

impl LedgerAccount {
    /// How many accounts the books have.
    pub const COUNT: usize = LedgerAccount::BadDebt as usize + 1;

    /// The name used in output files.
    pub const fn name(self) -> &'static str {
        match self {
            LedgerAccount::Cash => "cash",
            LedgerAccount::Receivable => "receivable",
            LedgerAccount::CustomerCredit => "customer_credit",
            LedgerAccount::Revenue => "revenue",
            LedgerAccount::Promotion => "promotion",
            LedgerAccount::Breakage => "breakage",
            LedgerAccount::Fees => "fees",
            LedgerAccount::Disputes => "disputes",
            LedgerAccount::BadDebt => "bad_debt",
        }
    }
}

/// Why something is posted; with it go the two accounts that it moves money between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Usage on promotional credit.
    UsageOnPromotion,
    /// Usage on paid credit.
    UsageOnCredit,
    /// Usage beyond credit.
    UsageOnReceivable,
    /// A purchase succeeded, or money meant for an invoice that is paid already.
    Purchase,
    /// Posted credit pays what is owed.
    DebtPaidByCredit,
    /// An invoice is paid.
    InvoicePaid,
    /// A fee of the processor, or for a dispute.
    Fee,
    /// A disputed payment goes back.
    DisputedPayment,
    /// Unused paid credit is taken back for a disputed payment.
    DisputedCredit,
    /// Paid credit lapses.
    Lapse,
    /// What is owed is written off.
    WriteOff,
}

impl Entry {
    /// The account debited and the account credited.
    pub const fn sides(self) -> (LedgerAccount, LedgerAccount) {
        use LedgerAccount::*;
        match self {
            Entry::UsageOnPromotion => (Promotion, Revenue),
            Entry::UsageOnCredit => (CustomerCredit, Revenue),
            Entry::UsageOnReceivable => (Receivable, Revenue),
            Entry::Purchase => (Cash, CustomerCredit),
            Entry::DebtPaidByCredit => (CustomerCredit, Receivable),
            Entry::InvoicePaid => (Cash, Receivable),
            Entry::Fee => (Fees, Cash),
            Entry::DisputedPayment => (Disputes, Cash),
            Entry::DisputedCredit => (CustomerCredit, Disputes),
            Entry::Lapse => (CustomerCredit, Breakage),
            Entry::WriteOff => (BadDebt, Receivable),
        }
    }

    /// The name used in output files.
    pub const fn name(self) -> &'static str {
        match self {
            Entry::UsageOnPromotion => "usage_on_promotion",
            Entry::UsageOnCredit => "usage_on_credit",
            Entry::UsageOnReceivable => "usage_on_receivable",
            Entry::Purchase => "purchase",
            Entry::DebtPaidByCredit => "debt_paid_by_credit",
            Entry::InvoicePaid => "invoice_paid",
            Entry::Fee => "fee",
            Entry::DisputedPayment => "disputed_payment",
            Entry::DisputedCredit => "disputed_credit",
            Entry::Lapse => "lapse",
            Entry::WriteOff => "write_off",
        }
    }
}

/// One movement in the books: `amount`, more than nothing, from the debited account to the credited one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Why, and between which accounts.
    pub entry: Entry,
    /// How much.
    pub amount: Money,
}

/// Postings, mostly a few.
pub type Postings = SmallVec<[Posting; 4]>;

/// An amount of credit with the time at which it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lot {
    number: LotNumber,
    expires: Time,
    left: Money,
}

/// Tells lots of the same kind of credit apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotNumber(u32);

/// Credit in lots, the soonest to expire first; of those that expire together the oldest.
#[derive(Clone, Debug, Default)]
struct Lots {
    lots: SmallVec<[Lot; 2]>,
    total: Money,
    added: u32,
}

impl Lots {
    fn add(&mut self, amount: Money, expires: Time) -> LotNumber {
        let number = LotNumber(self.added);
        self.added += 1;
        self.total += amount;
        let place = self.lots.partition_point(|lot| lot.expires <= expires);
        match self.lots[..place].last_mut() {
            // Lots that never end are one.
            Some(lot) if lot.expires == expires && expires == Time::NEVER => lot.left += amount,
            _ => self.lots.insert(place, Lot { number, expires, left: amount }),
        }
        number
    }

    /// Takes up to `amount`; returns what was taken.
    #[inline]
    fn take(&mut self, amount: Money) -> Money {
        let taken = amount.min(self.total);
        self.total -= taken;
        match self.lots.first_mut() {
            Some(first) if taken < first.left => first.left -= taken,
            _ => self.take_lots(taken),
        }
        taken
    }

    /// Takes what there is from one lot after another.
    fn take_lots(&mut self, mut rest: Money) {
        while rest.is_positive() {
            let first = &mut self.lots[0];
            let part = rest.min(first.left);
            first.left -= part;
            rest -= part;
            if first.left == Money::ZERO {
                self.lots.remove(0);
            }
        }
    }

    /// Takes what is left of a lot; returns it.
    fn expire(&mut self, number: LotNumber) -> Money {
        let Some(place) = self.lots.iter().position(|lot| lot.number == number) else { return Money::ZERO };
        let left = self.lots.remove(place).left;
        self.total -= left;
        left
    }
}

/// An invoice that is not fully paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenInvoice {
    /// Its number; later invoices have higher ones.
    pub number: u32,
    /// What is still owed on it.
    pub owed: Money,
}

/// An account's money.
#[derive(Clone, Debug, Default)]
pub struct Wallet {
    promotional: Lots,
    paid: Lots,
    /// Bought credit that is not posted yet.
    awaiting_posting: Money,
    uninvoiced: Money,
    invoices: Vec<OpenInvoice>,
    invoices_issued: u32,
    used_in_period: Money,
    billed_in_period: Money,
    billed_ever: Money,
    books: [Money; LedgerAccount::COUNT],
    postings: Postings,
}

impl Wallet {
    /// Promotional credit.
    pub fn promotional(&self) -> Money {
        self.promotional.total
    }

    /// Promotional and paid credit.
    pub fn credit(&self) -> Money {
        self.promotional.total + self.paid.total
    }

    /// Credit less the receivable that is not invoiced.
    pub fn balance(&self) -> Money {
        self.credit() - self.uninvoiced
    }

    /// Owed for usage beyond credit, not invoiced.
    pub fn uninvoiced(&self) -> Money {
        self.uninvoiced
    }

    /// What is owed on an invoice, if it is open.
    pub fn owed_on(&self, number: u32) -> Option<Money> {
        self.invoices.iter().find(|invoice| invoice.number == number).map(|invoice| invoice.owed)
    }

    /// Usage settled since [`Wallet::begin_period`].
    pub fn used_in_period(&self) -> Money {
        self.used_in_period
    }

    /// Usage beyond credit since [`Wallet::begin_period`], less what posted credit paid of it; never below zero.
    pub fn billed_in_period(&self) -> Money {
        self.billed_in_period
    }

    /// Usage beyond credit, ever.
    pub fn billed_ever(&self) -> Money {
        self.billed_ever
    }

    /// What an account of the books stands at: debits less credits.
    pub fn book(&self, account: LedgerAccount) -> Money {
        self.books[account as usize]
    }

    /// How much usage the source that pays now still covers: promotional credit, then paid credit, then (without
    /// end) the receivable. Usage within it is one posting, however many requests it comes from.
    pub fn left_of_source(&self) -> Money {
        [self.promotional.total, self.paid.total]
            .into_iter()
            .find(|left| left.is_positive())
            .unwrap_or(Money::MAX)
    }

    /// Starts the counts of a period anew.
    pub fn begin_period(&mut self) {
        self.used_in_period = Money::ZERO;
        self.billed_in_period = Money::ZERO;
    }

    /// Grants promotional credit until `expires` ([`Time::NEVER`] for ever). Nothing is posted: it is worth what is
    /// used.
    pub fn grant(&mut self, amount: Money, expires: Time) -> LotNumber {
        self.promotional.add(amount, expires)
    }

    /// Ends a lot of promotional credit; returns how much was left of it.
    pub fn expire_promotional(&mut self, lot: LotNumber) -> Money {
        self.promotional.expire(lot)
    }

    /// Ends a lot of paid credit; returns how much was left of it.
    pub fn lapse_paid(&mut self, lot: LotNumber) -> Money {
        let lapsed = self.paid.expire(lot);
        self.post(Entry::Lapse, lapsed);
        lapsed
    }

    /// A disputed payment goes back, and unused paid credit up to it is taken back, the soonest to lapse first;
    /// returns how much that was.
    pub fn return_payment(&mut self, amount: Money) -> Money {
        self.post(Entry::DisputedPayment, amount);
        let taken_back = self.paid.take(amount);
        self.post(Entry::DisputedCredit, taken_back);
        taken_back
    }

    /// Settles usage: from promotional credit, then paid credit, each the soonest to expire first, the rest is owed.
    /// Returns what that posts, a posting for each source that pays; these are not kept.
    pub fn settle(&mut self, cost: Money) -> impl Iterator<Item = Posting> + use<> {
        self.used_in_period += cost;
        let promotional = self.promotional.take(cost);
        let paid = self.paid.take(cost - promotional);
        let owed = cost - promotional - paid;
        self.uninvoiced += owed;
        self.billed_in_period += owed;
        self.billed_ever += owed;
        let postings = [
            Posting { entry: Entry::UsageOnPromotion, amount: promotional },
            Posting { entry: Entry::UsageOnCredit, amount: paid },
            Posting { entry: Entry::UsageOnReceivable, amount: owed },
        ];
        postings.iter().for_each(|posting| self.enter(*posting));
        postings.into_iter().filter(|posting| posting.amount.is_positive())
    }

    /// Settles usage of less than [`Wallet::left_of_source`], which one source pays. Returns what that posts, which is not
    /// kept; nothing for usage that costs nothing.
    #[inline]
    pub fn settle_within_source(&mut self, cost: Money) -> Option<Posting> {
        self.used_in_period += cost;
        let entry = if self.promotional.total.is_positive() {
            self.promotional.take(cost);
            Entry::UsageOnPromotion
        } else if self.paid.total.is_positive() {
            self.paid.take(cost);
            Entry::UsageOnCredit
        } else {
            self.uninvoiced += cost;
            self.billed_in_period += cost;
            self.billed_ever += cost;
            Entry::UsageOnReceivable
        };
        let posting = Posting { entry, amount: cost };
        self.enter(posting);
        cost.is_positive().then_some(posting)
    }

    /// A purchase succeeded: its money is owed to the customer until [`Wallet::post_credit`] makes it balance.
    pub fn receive_purchase(&mut self, amount: Money) {
        self.awaiting_posting += amount;
        self.post(Entry::Purchase, amount);
    }

    /// Bought credit becomes balance: it pays the uninvoiced receivable, then open invoices, oldest first; the rest is
    /// paid credit until `expires`. Returns the numbers of the invoices that it paid fully, and the lot of paid credit.
    pub fn post_credit(&mut self, amount: Money, expires: Time) -> (Vec<u32>, Option<LotNumber>) {
        self.awaiting_posting -= amount;
        let mut rest = amount;
        let debt = rest.min(self.uninvoiced);
        self.uninvoiced -= debt;
        self.billed_in_period = (self.billed_in_period - debt).or_zero();
        rest -= debt;
        let mut paid = Vec::new();
        for invoice in &mut self.invoices {
            let part = rest.min(invoice.owed);
            invoice.owed -= part;
            rest -= part;
            if invoice.owed == Money::ZERO {
                paid.push(invoice.number);
            }
        }
        self.invoices.retain(|invoice| invoice.owed.is_positive());
        let lot = rest.is_positive().then(|| self.paid.add(rest, expires));
        self.post(Entry::DebtPaidByCredit, amount - rest);
        (paid, lot)
    }

    /// Makes the uninvoiced receivable, in whole cents, an invoice, if it is at least `minimum`; the rest is carried
    /// over. Returns the invoice.
    pub fn issue_invoice(&mut self, minimum: Money) -> Option<OpenInvoice> {
        let owed = self.uninvoiced.floor_to_cents();
        if self.uninvoiced < minimum || owed == Money::ZERO {
            return None;
        }
        self.uninvoiced -= owed;
        let invoice = OpenInvoice { number: self.invoices_issued, owed };
        self.invoices_issued += 1;
        self.invoices.push(invoice);
        Some(invoice)
    }

    /// A payment for an invoice succeeded. What the invoice no longer needs (credit may have paid of it meanwhile)
    /// awaits posting, like a purchase. Returns how much that is, and whether the invoice was open.
    pub fn receive_invoice_payment(&mut self, number: u32, amount: Money) -> (Money, bool) {
        let place = self.invoices.iter().position(|invoice| invoice.number == number);
        let owed = place.map_or(Money::ZERO, |place| self.invoices.remove(place).owed);
        self.post(Entry::InvoicePaid, owed);
        self.receive_purchase(amount - owed);
        (amount - owed, place.is_some())
    }

    /// A fee is due.
    pub fn pay_fee(&mut self, amount: Money) {
        self.post(Entry::Fee, amount);
    }

    /// Writes off the uninvoiced receivable; returns how much that was.
    pub fn write_off_uninvoiced(&mut self) -> Money {
        let owed = std::mem::take(&mut self.uninvoiced);
        self.post(Entry::WriteOff, owed);
        owed
    }

    /// Writes off open invoices; returns their numbers.
    pub fn write_off_invoices(&mut self) -> Vec<u32> {
        let invoices = std::mem::take(&mut self.invoices);
        for invoice in &invoices {
            self.post(Entry::WriteOff, invoice.owed);
        }
        invoices.into_iter().map(|invoice| invoice.number).collect()
    }

    /// Takes the postings made since the last call.
    pub fn take_postings(&mut self) -> Postings {
        std::mem::take(&mut self.postings)
    }

    fn post(&mut self, entry: Entry, amount: Money) {
        if amount.is_positive() {
            let posting = Posting { entry, amount };
            self.enter(posting);
            self.postings.push(posting);
        }
    }

    /// Enters a posting in the books.
    fn enter(&mut self, Posting { entry, amount }: Posting) {
        let (debit, credit) = entry.sides();
        self.books[debit as usize] += amount;
        self.books[credit as usize] -= amount;
    }

    /// Checks that the books sum to zero and agree with the wallet.
    ///
    /// # Panics
    /// If they do not: an error of the simulator, never of a scenario.
    pub fn audit(&self) {
        use LedgerAccount::*;
        let sum: i128 = self.books.iter().map(|book| i128::from(book.nanos())).sum();
        assert_eq!(sum, 0, "the books sum to zero: {:?}", self.books);
        let invoiced: Money = self.invoices.iter().map(|invoice| invoice.owed).sum();
        assert_eq!(self.book(Receivable), self.uninvoiced + invoiced, "the receivable is what is owed");
        let credit = self.paid.total + self.awaiting_posting;
        assert_eq!(
            -self.book(CustomerCredit),
            credit,
            "the liability is paid credit and what awaits posting"
        );
        for lots in [&self.promotional, &self.paid] {
            assert_eq!(
                lots.lots.iter().map(|lot| lot.left).sum::<Money>(),
                lots.total,
                "lots sum to their total"
            );
        }
    }

    /// Checks the closing identity: cash = customer credit + net revenue + breakage - receivable - fees - disputes -
    /// bad debt.
    ///
    /// # Panics
    /// If it does not hold: an error of the simulator, never of a scenario.
    pub fn audit_closing(&self) {
        use LedgerAccount::*;
        self.audit();
        let income = -self.book(Revenue) - self.book(Promotion) - self.book(Breakage);
        let expenses = self.book(Fees) + self.book(Disputes) + self.book(BadDebt);
        let cash = -self.book(CustomerCredit) + income - self.book(Receivable) - expenses;
        assert_eq!(self.book(Cash), cash, "cash is what the other books leave");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Time {
        Time::from_micros(day * 86_400_000_000)
    }

    fn bought(amount: Money) -> Wallet {
        let mut wallet = Wallet::default();
        buy(&mut wallet, amount);
        wallet
    }

    fn buy(wallet: &mut Wallet, amount: Money) -> Vec<u32> {
        wallet.receive_purchase(amount);
        wallet.audit();
        let (paid, _) = wallet.post_credit(amount, Time::NEVER);
        wallet.audit();
        paid
    }

    #[test]
    fn usage_takes_promotional_credit_then_paid_credit_then_is_owed() {
        let mut wallet = bought(Money::dollars(2));
        wallet.grant(Money::dollars(1), Time::NEVER);
        let postings: Vec<Posting> = wallet.settle(Money::dollars(5)).collect();
        wallet.audit_closing();
        assert_eq!(wallet.balance(), Money::dollars(-2));
        assert_eq!(
            postings,
            [
                Posting { entry: Entry::UsageOnPromotion, amount: Money::dollars(1) },
                Posting { entry: Entry::UsageOnCredit, amount: Money::dollars(2) },
                Posting { entry: Entry::UsageOnReceivable, amount: Money::dollars(2) },
            ]
        );
    }

    #[test]
    fn usage_within_a_source_settles_as_any_other() {
        for (promotional, bought) in [(3, 2), (0, 3), (0, 0)] {
            let mut wallet = Wallet::default();
            if bought > 0 {
                buy(&mut wallet, Money::dollars(bought));
            }
            if promotional > 0 {
                wallet.grant(Money::dollars(promotional), Time::NEVER);
            }
            let mut other = wallet.clone();
            let posted: Vec<Posting> = wallet.settle(Money::dollars(2)).collect();
            assert_eq!(other.settle_within_source(Money::dollars(2)), posted.first().copied());
            assert_eq!(other.books, wallet.books);
            assert_eq!(other.balance(), wallet.balance());
            let counts = |wallet: &Wallet| {
                (
                    wallet.used_in_period(),
                    wallet.billed_in_period(),
                    wallet.billed_ever(),
                    wallet.uninvoiced(),
                )
            };
            assert_eq!(counts(&other), counts(&wallet));
            assert_eq!(other.settle_within_source(Money::ZERO), None);
            other.audit_closing();
        }
    }

    #[test]
    fn twenty_dollars_of_credit_and_eighty_three_of_usage_leave_sixty_three_to_bill() {
        let mut wallet = bought(Money::dollars(20));
        let _ = wallet.settle(Money::dollars(83));
        assert_eq!(wallet.issue_invoice(Money::CENT).map(|invoice| invoice.owed), Some(Money::dollars(63)));
        assert_eq!(wallet.balance(), Money::ZERO);
        wallet.audit_closing();
    }

    #[test]
    fn credit_of_five_hundred_added_to_a_debt_of_seven_hundred_and_fifty_leaves_two_hundred_and_fifty_owed() {
        let mut wallet = Wallet::default();
        let _ = wallet.settle(Money::dollars(750));
        buy(&mut wallet, Money::dollars(500));
        assert_eq!((wallet.uninvoiced(), wallet.credit()), (Money::dollars(250), Money::ZERO));
        assert_eq!(wallet.billed_in_period(), Money::dollars(250));
        assert_eq!(wallet.used_in_period(), Money::dollars(750));
    }

    #[test]
    fn the_soonest_to_expire_is_used_first() {
        let mut wallet = Wallet::default();
        let late = wallet.grant(Money::dollars(1), at(30));
        let early = wallet.grant(Money::dollars(2), at(10));
        let _ = wallet.settle(Money::dollars(1));
        assert_eq!(wallet.expire_promotional(early), Money::dollars(1));
        assert_eq!(wallet.promotional(), Money::dollars(1));
        assert_eq!(wallet.expire_promotional(early), Money::ZERO);
        assert_eq!(wallet.expire_promotional(late), Money::dollars(1));
        wallet.audit();
    }

    #[test]
    fn invoices_are_for_whole_cents_and_carry_the_rest_over() {
        let mut wallet = Wallet::default();
        let _ = wallet.settle(Money::from_nanos(1_239_999_999));
        assert_eq!(wallet.issue_invoice(Money::CENT).map(|invoice| invoice.owed), Some(Money::cents(123)));
        assert_eq!(wallet.uninvoiced(), Money::from_nanos(9_999_999));
        assert_eq!(wallet.issue_invoice(Money::CENT), None);
        let _ = wallet.settle(Money::from_nanos(1));
        assert_eq!(wallet.issue_invoice(Money::cents(2)), None);
        assert_eq!(wallet.issue_invoice(Money::CENT).map(|invoice| invoice.owed), Some(Money::CENT));
    }

    #[test]
    fn posted_credit_pays_the_uninvoiced_then_invoices_oldest_first() {
        let mut wallet = Wallet::default();
        for dollars in [3, 4] {
            let _ = wallet.settle(Money::dollars(dollars));
            wallet.issue_invoice(Money::CENT);
        }
        let _ = wallet.settle(Money::dollars(1));
        assert_eq!(buy(&mut wallet, Money::dollars(5)), [0]);
        assert_eq!((wallet.owed_on(0), wallet.owed_on(1)), (None, Some(Money::dollars(3))));
        assert_eq!(wallet.uninvoiced(), Money::ZERO);
    }

    #[test]
    fn what_an_invoice_no_longer_needs_becomes_credit() {
        let mut wallet = Wallet::default();
        let _ = wallet.settle(Money::dollars(10));
        let invoice = wallet.issue_invoice(Money::CENT).unwrap().number;
        buy(&mut wallet, Money::dollars(4)); // while an attempt for 10 is under way
        assert_eq!(wallet.receive_invoice_payment(invoice, Money::dollars(10)), (Money::dollars(4), true));
        wallet.audit();
        wallet.post_credit(Money::dollars(4), Time::NEVER);
        assert_eq!(wallet.balance(), Money::dollars(4));
        assert_eq!(wallet.receive_invoice_payment(invoice, Money::dollars(1)), (Money::dollars(1), false));
        wallet.audit_closing();
    }

    #[test]
    fn paid_credit_lapses_lot_by_lot() {
        let mut wallet = Wallet::default();
        let [late, early, second] = [(3, 20), (2, 10), (4, 10)].map(|(dollars, day)| {
            wallet.receive_purchase(Money::dollars(dollars));
            wallet.post_credit(Money::dollars(dollars), at(day)).1.expect("nothing is owed")
        });
        let _ = wallet.settle(Money::dollars(1)); // of the lot that lapses first
        assert_eq!(wallet.lapse_paid(early), Money::dollars(1));
        assert_eq!(wallet.lapse_paid(second), Money::dollars(4)); // a lot of its own, though it ends together
        assert_eq!(wallet.balance(), Money::dollars(3));
        assert_eq!(wallet.lapse_paid(late), Money::dollars(3));
        assert_eq!(wallet.book(LedgerAccount::Breakage), Money::dollars(-8));
        wallet.audit_closing();
    }

    #[test]
    fn a_returned_payment_takes_unused_credit_back_and_the_rest_is_lost() {
        let mut wallet = bought(Money::dollars(10));
        let _ = wallet.settle(Money::dollars(7));
        assert_eq!(wallet.return_payment(Money::dollars(10)), Money::dollars(3));
        assert_eq!(wallet.book(LedgerAccount::Disputes), Money::dollars(7));
        assert_eq!((wallet.book(LedgerAccount::Cash), wallet.balance()), (Money::ZERO, Money::ZERO));
        wallet.audit_closing();
    }

    #[test]
    fn writing_off_leaves_nothing_owed() {
        let mut wallet = Wallet::default();
        let _ = wallet.settle(Money::dollars(10));
        wallet.issue_invoice(Money::CENT);
        let _ = wallet.settle(Money::dollars(1));
        assert_eq!(wallet.write_off_invoices(), [0]);
        assert_eq!(wallet.write_off_uninvoiced(), Money::dollars(1));
        assert_eq!(wallet.book(LedgerAccount::BadDebt), Money::dollars(11));
        assert_eq!(wallet.book(LedgerAccount::Receivable), Money::ZERO);
        wallet.audit_closing();
    }

    #[test]
    fn the_source_that_pays_is_the_first_that_has_any() {
        let mut wallet = bought(Money::dollars(2));
        wallet.grant(Money::dollars(1), Time::NEVER);
        assert_eq!(wallet.left_of_source(), Money::dollars(1));
        let _ = wallet.settle(Money::dollars(1));
        assert_eq!(wallet.left_of_source(), Money::dollars(2));
        let _ = wallet.settle(Money::dollars(2));
        assert_eq!(wallet.left_of_source(), Money::MAX);
    }
}
