//! By what persons are counted: trees of attributes that meet in nothing but all persons, a star.
//!
//! Each person has exactly one leaf in every tree, so the numbers of the parts of a node add up to its own. Trees that
//! met elsewhere (persons by sex *and* service) would be tables, whose hidden numbers narrow each other.

/// An attribute that persons have: all of them, those of a quarter, those who received a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(usize);

impl Node {
    /// All persons: where the trees meet.
    pub const ALL: Self = Self(0);

    /// Its place in lists by node.
    pub(super) fn place(self) -> usize {
        self.0
    }
}

/// A node and the parts that its persons fall into, each person in one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What is split.
    pub of: Node,
    /// Its parts, at least two, in the order in which they were declared.
    pub parts: Vec<Node>,
}

/// A star of trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Star {
    codes: Vec<String>,
    above: Vec<Option<Node>>,
    splits: Vec<Split>,
}

/// What is no star.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoStar {
    /// A part alone would be the node under another name.
    #[error("{0} is split into fewer than two parts")]
    OnePart(String),
    /// A second split of a part crosses with the first.
    #[error("{0} is split twice: only all persons may be")]
    SplitTwice(String),
    /// Two nodes of one name.
    #[error("{0} is declared twice")]
    Twice(String),
}

impl Star {
    /// All persons, not split yet.
    pub fn new(all: &str) -> Self {
        Self { codes: vec![all.to_owned()], above: vec![None], splits: Vec::new() }
    }

    /// Splits a node; gives its parts.
    ///
    /// # Errors
    /// [`NoStar`] when no star would be left; nothing is changed then.
    pub fn split(&mut self, of: Node, parts: &[&str]) -> Result<Vec<Node>, NoStar> {
        let own = || self.code(of).to_owned();
        if parts.len() < 2 {
            return Err(NoStar::OnePart(own()));
        }
        if of != Node::ALL && self.splits.iter().any(|split| split.of == of) {
            return Err(NoStar::SplitTwice(own()));
        }
        for (number, part) in parts.iter().enumerate() {
            if self.find(part).is_some() || parts.iter().take(number).any(|other| other == part) {
                return Err(NoStar::Twice((*part).to_owned()));
            }
        }
        let nodes: Vec<Node> = (self.codes.len()..).take(parts.len()).map(Node).collect();
        self.codes.extend(parts.iter().map(|part| (*part).to_owned()));
        self.above.extend(parts.iter().map(|_| Some(of)));
        self.splits.push(Split { of, parts: nodes.clone() });
        Ok(nodes)
    }

    /// How many nodes it has.
    pub fn size(&self) -> usize {
        self.codes.len()
    }

    /// Every node, all persons first.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + Clone + use<> {
        (0..self.codes.len()).map(Node)
    }

    /// Every split; one comes after the split that its node is a part of.
    pub fn splits(&self) -> &[Split] {
        &self.splits
    }

    /// Name of a node.
    pub fn code(&self, node: Node) -> &str {
        self.codes.get(node.0).map_or("", String::as_str)
    }

    /// Node of a name.
    pub fn find(&self, code: &str) -> Option<Node> {
        self.codes.iter().position(|own| own == code).map(Node)
    }

    /// The node that this one is a part of.
    pub fn above(&self, node: Node) -> Option<Node> {
        self.above.get(node.0).copied().flatten()
    }

    /// A node and all that it is a part of, all persons last.
    pub fn upwards(&self, node: Node) -> impl Iterator<Item = Node> {
        std::iter::successors(Some(node), |node| self.above(*node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_persons_may_be_split_twice() {
        let mut star = Star::new("all");
        let sexes = star.split(Node::ALL, &["female", "male"]).expect("a split");
        star.split(Node::ALL, &["counselling", "no_counselling"]).expect("a second tree");
        star.split(sexes[0], &["girls", "women"]).expect("a split of a part");
        assert_eq!(star.split(sexes[0], &["a", "b"]), Err(NoStar::SplitTwice("female".to_owned())));
        assert_eq!(star.split(Node::ALL, &["one"]), Err(NoStar::OnePart("all".to_owned())));
        assert_eq!(star.split(Node::ALL, &["x", "women"]), Err(NoStar::Twice("women".to_owned())));
        assert_eq!(star.split(sexes[1], &["x", "x"]), Err(NoStar::Twice("x".to_owned())));
        assert_eq!((star.size(), star.splits().len()), (7, 3));
        let women = star.find("women").expect("a node");
        assert_eq!(star.upwards(women).map(|node| star.code(node)).collect::<Vec<_>>(), ["women", "female", "all"]);
    }
}
